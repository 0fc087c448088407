package deidhl7

// composites are the data types that have components, by what becomes of each:
// the word of a leaf, a hyphen for one that is not listed, or a group in
// parentheses for one that has subcomponents. A component behind the last is
// not listed either. The positions are those of version 2.5.1 and of the later
// versions, which only add behind.
//
// The leaves are the words of [deid.Kind], and
//
//	code    a code of an HL7 or a site's table, if it looks like one
//	num     a number, if it is one and no date or long identifier
//	range   a reference range of numbers
//	charset the name of a character set
//	pid     the number of a provider, pname the name
//
// Types whose components depend on one another are in contextual.
var composites = map[string]string{
	"XPN": "(name - name - name) name name - - - code code - - - date date",
	"PN":  "(name - name - name) name name - - -",
	"XCN": "pid (pname - pname - pname) pname pname - - - - - code - - code",
	"CN":  "pid (pname - pname - pname) pname pname",
	"PPN": "pid (pname - pname - pname) pname pname - - - - - code - - code - date",
	"NDL": "(pid pname pname pname) date date",
	"XAD": "(street street street) street city state zip country code geocode county geocode",
	"AD":  "street street city state zip country code geocode",
	"XON": "- - - - - - - - - -",
	"HD":  "- - -",
	"PL":  "- - - - - code",
	"TS":  "date code",
	"DR":  "(date code) (date code)",
	"DLN": "license code date",
	"DLD": "code date",
	"FC":  "code date",
	"AUI": "plan date -",
	"MSG": "code code code",
	"PT":  "code code",
	"VID": "code",
	"SN":  "code num code num",
	"CQ":  "num (code - -)",
	"MO":  "num code",
	"CP":  "(num code) code num num - code",
	"MOC": "(num code) (code - -)",
	"UVC": "code (num code)",
	"OCD": "code date",
	"SPS": "(code - -)",
	"RPT": "(code - -)",
	"TQ":  "(num code) (code -) code date date code - - code - code num",
}

// A layout says how the components of a type are looked at.
type layout uint8

const (
	layoutPlain layout = iota // each by itself
	layoutText                // all of the repetition is one text
	layoutCoded               // code, display and system; twice or three times
	layoutID                  // an identifier with its authority and, in CX, its type
	layoutPair                // two identifiers, each in one component
	layoutPhone               // telephone, fax or e-mail
	layoutValue               // OBX-5, by OBX-2
)

// contextual are the types whose components depend on one another.
var contextual = map[string]layout{
	"CE": layoutCoded, "CWE": layoutCoded, "CNE": layoutCoded, "CF": layoutCoded,
	"CX": layoutID, "CK": layoutID, "EI": layoutID, "EIP": layoutPair,
	"XTN": layoutPhone, "TN": layoutPhone,
	"ST": layoutText, "TX": layoutText, "FT": layoutText,
	"*": layoutValue,
}

// primitives are the types of one leaf.
var primitives = map[string]string{
	"ID": "code", "IS": "code", "SI": "num", "NM": "num", "DT": "date", "DTM": "date",
}

// values are the types that OBX-5 may have, with the type they are treated as.
// A value of another type, or of none, is dropped: ED and RP are attachments,
// and a time alone has no year.
var values = map[string]string{
	"AD": "AD", "CE": "CE", "CF": "CF", "CK": "CK:id", "CN": "CN", "CNE": "CNE", "CP": "CP", "CQ": "CQ", "CWE": "CWE", "CX": "CX:id",
	"DR": "DR", "DT": "DT", "DTM": "DTM", "EI": "EI", "FT": "FT", "HD": "HD", "ID": "ID", "IS": "IS", "MO": "MO", "NM": "NM",
	"PL": "PL", "PN": "PN", "SI": "SI", "SN": "SN", "ST": "ST", "TN": "TN", "TS": "TS", "TX": "TX", "XAD": "XAD", "XCN": "XCN", "XON": "XON",
	"XPN": "XPN", "XTN": "XTN",
}
