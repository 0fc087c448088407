package deidhl7

import "github.com/baakit/baakit/deid"

// identifierTypes are the types of CX-5 (HL7 table 0203), by the kind of what
// they identify. A number of another type is what its field says; one that has
// neither is an [deid.KindID].
var identifierTypes = map[string]deid.Kind{
	"MR": deid.KindMRN, "MRT": deid.KindMRN, "PI": deid.KindMRN, "PT": deid.KindMRN, "PE": deid.KindMRN, "PRC": deid.KindMRN, "U": deid.KindID,
	"PHE": deid.KindMRN, "HC": deid.KindPlan, "JHN": deid.KindPlan, "MRN": deid.KindMRN, "AMA": deid.KindID,
	"SS": deid.KindSSN, "SSN": deid.KindSSN, "SR": deid.KindMRN, "TAX": deid.KindSSN,
	"DL": deid.KindLicense, "LN": deid.KindLicense, "MD": deid.KindLicense, "RN": deid.KindLicense, "DN": deid.KindLicense, "DO": deid.KindLicense,
	"BC": deid.KindLicense, "BR": deid.KindLicense, "PPN": deid.KindLicense, "PRN": deid.KindLicense, "MCR": deid.KindLicense, "DDS": deid.KindLicense,
	"MA": deid.KindPlan, "MC": deid.KindPlan, "MB": deid.KindPlan, "MI": deid.KindPlan, "MCD": deid.KindPlan, "NII": deid.KindPlan, "NH": deid.KindPlan,
	"SN": deid.KindPlan, "WC": deid.KindPlan, "PC": deid.KindPlan,
	"AN": deid.KindAccount, "VN": deid.KindAccount, "BA": deid.KindAccount, "BRN": deid.KindID, "CY": deid.KindAccount, "GI": deid.KindAccount, "GN": deid.KindAccount,
	"BAN": deid.KindAccount, "AC": deid.KindAccount, "ACSN": deid.KindID, "FI": deid.KindID, "PN": deid.KindID, "NPI": deid.KindLicense, "DEA": deid.KindLicense,
	"UDI": deid.KindDevice, "SNO": deid.KindDevice, "VIN": deid.KindVehicle,
}

// systems are the coding systems of table 0396 whose displays are published
// terms, with the form of their codes. A display of another system is free
// text.
var systems = map[string]codeForm{
	"LN": codeLOINC, "SCT": codeSNOMED, "SCT2": codeSNOMED, "SNM3": codeShort, "SNM": codeShort,
	"I9": codeICD, "I9C": codeICD, "I9CDX": codeICD, "I9CP": codeICD, "I10": codeICD, "I10C": codeICD, "I10P": codeICD, "ICD10": codeICD,
	"ICD10CM": codeICD, "ICD10PCS": codeICD,
	"C4": codeShort, "CPT": codeShort, "CPTM": codeShort, "C5": codeShort, "HCPCS": codeShort, "HPC": codeShort, "DRG": codeShort, "MSDRG": codeShort,
	"CVX": codeShort, "MVX": codeShort, "NDC": codeDrug, "RXNORM": codeDrug, "NDFRT": codeDrug, "NDDF": codeDrug, "UNII": codeDrug, "ATC": codeShort,
	"UCUM": codeUnit, "ISO+": codeUnit, "ANS+": codeUnit, "NCIT": codeShort, "NCI": codeShort, "NUBC": codeShort, "NUCC": codeDrug, "CDCREC": codeRace,
	"PHINVADS": codeShort, "NIP001": codeShort, "ISO3166_1": codeShort, "ISO639": codeShort, "LOINC": codeLOINC, "SNOMED": codeSNOMED,
}

// hl7Tables begins the name of a system that is a table of HL7: HL70063.
const hl7Tables = "HL7"

// observations are the codes of LOINC, and the words of an OBX-3, that say that
// OBX-5 is an identifier.
var observations = map[string]deid.Kind{
	"30525-0": deid.KindAge, "21612-7": deid.KindAge, "29553-5": deid.KindAge, "63900-5": deid.KindAge, "35659-2": deid.KindAge,
	"21112-8": deid.KindDOB, "31211-6": deid.KindDeath, "81956-5": deid.KindDeath,
	"45396-9": deid.KindSSN, "45397-7": deid.KindPlan, "45400-9": deid.KindPlan, "46106-1": deid.KindMRN, "76435-7": deid.KindMRN,
	"54125-0": deid.KindName, "45392-8": deid.KindName, "45394-4": deid.KindName, "45393-6": deid.KindName,
	"42077-8": deid.KindPhone, "45401-7": deid.KindZIP, "42078-6": deid.KindStreet, "56799-0": deid.KindStreet, "76458-9": deid.KindEmail,
	"62247-2": deid.KindIP, "74711-3": deid.KindDevice,
}

// observationWords are the words of an OBX-3 in lower case that do the same.
var observationWords = map[string]deid.Kind{
	"age": deid.KindAge, "dob": deid.KindDOB, "birth": deid.KindDOB, "birthdate": deid.KindDOB, "birthday": deid.KindDOB, "born": deid.KindDOB,
	"death": deid.KindDeath, "died": deid.KindDeath, "deceased": deid.KindDeath,
	"zip": deid.KindZIP, "zipcode": deid.KindZIP, "postal": deid.KindZIP, "phone": deid.KindPhone, "telephone": deid.KindPhone, "mobile": deid.KindPhone,
	"pager": deid.KindPhone, "fax": deid.KindFax, "ssn": deid.KindSSN, "mrn": deid.KindMRN, "account": deid.KindAccount,
	"license": deid.KindLicense, "licence": deid.KindLicense, "passport": deid.KindLicense, "vin": deid.KindVehicle,
	"serial": deid.KindDevice, "udi": deid.KindDevice, "latitude": deid.KindGeocode, "longitude": deid.KindGeocode, "tract": deid.KindGeocode,
	"encounter": deid.KindID, "accession": deid.KindID, "identifier": deid.KindID,
}
