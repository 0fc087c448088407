package deidhl7

// segments are the fields of the segments that are listed, in the order of
// their numbers: a data type, or a data type and after a colon the kind of the
// identifier that the field holds; a hyphen is a field that is not listed. A
// number says which field the next one is. Fields behind the last are not
// listed.
//
// The segments of most messages come first: a report takes memory by the last
// place that it counts.
var segments = []struct{ id, fields string }{
	{"MSH", "3 HD HD HD HD TS - MSG ST:id PT VID NM - ID ID ID charset CE ID - XON XON HD HD"},
	{"EVN", "1 ID TS TS IS XCN TS HD"},
	{"PID", "1 SI CX:mrn CX:mrn CX:mrn XPN XPN TS:dob IS XPN CE XAD IS:county XTN XTN CE CE CE CX:account ST:ssn DLN " +
		"21 CX:mrn CE ST:city ID NM CE CE CE TS:death ID 31 ID IS TS HD CE CE - CE - XTN"},
	{"PV1", "1 SI IS PL IS CX:account PL XCN XCN XCN IS 11 PL IS IS IS IS IS XCN IS CX:account FC " +
		"21 IS IS IS IS DT NM NM IS IS DT 31 IS NM NM IS DT IS DLD CE - IS 41 IS PL PL TS TS NM NM NM NM CX:id 51 IS XCN"},
	{"ORC", "1 ID EI EI EI ID ID TQ EIP TS XCN 11 XCN XCN PL XTN TS CE CE - XCN CE 21 XON XAD XTN XAD CWE CWE TS CWE CWE CNE"},
	{"OBR", "1 SI EI EI CE ID TS TS TS CQ XCN 11 ID CE ST TS SPS XCN XTN ST:id ST:id ST:id 21 ST:id TS MOC ID ID - TQ XCN EIP ID " +
		"31 CE NDL NDL NDL NDL TS NM CE CE CE 41 ID ID CE CE CE CE CE CWE IS CWE"},
	{"OBX", "1 SI ID CE ST:code * CE range IS NM ID 11 ID TS - TS - XCN CE EI:device TS - 21 EI - XON XAD XCN"},
	{"NTE", "1 SI ID FT CE"},
	{"NK1", "1 SI XPN CE XAD XTN XTN CE DT DT ST 11 - CX:id XON:name CE IS TS:dob IS IS CE CE 21 IS CE ID IS CE XPN CE CE CE XPN " +
		"31 XTN XAD CX:id IS CE IS ST:ssn ST:city IS XTN 41 XTN"},
	{"AL1", "1 SI CE CE CE ST DT"},
	{"DG1", "1 SI ID CE ST TS IS CE CE ID IS 11 CE CP NM - ID XCN IS ID TS EI 21 ID EI CWE CWE CWE ID EI"},
	{"IN1", "1 SI CE CX:plan XON XAD XPN XTN ST:plan XON:name CX:plan 11 XON:name DT DT AUI IS XPN CE TS:dob XAD IS " +
		"21 IS - ID DT ID DT IS ST:plan TS XCN 31 IS IS NM NM IS ST:plan CP CP NM CP 41 CP CE IS XAD - IS IS IS CX:plan IS 51 DT ST:city IS"},
	{"IN2", "1 CX:id ST:ssn XPN IS IS ST:plan XPN ST:plan XPN ST:plan 11 CE ST:plan 16 DT 21 IS 25 ST:plan ST:plan 28 IS 30 IS " +
		"31 IS 34 CE 39 ID XPN 41 CE CE CE CE 48 IS XPN XTN 51 - XPN XTN 61 CX:plan CE XTN XTN CE 69 XON:name XON:name CE CE"},
	{"GT1", "1 SI CX:account XPN XPN XAD XTN XTN TS:dob IS IS 11 CE ST:ssn DT DT NM XPN XAD XTN CX:id IS " +
		"21 XON:name ID CE TS:death ID CE - - CX:id CE 31 DT DT IS CE CE CE IS CE ID IS 41 CE XPN CE CE XPN XTN CE IS - - " +
		"51 XON:name IS IS FC CE ST:city IS"},
	{"PD1", "1 IS IS XON XCN IS IS IS IS ID CX:id 11 CE ID DT XON CE IS DT DT IS IS 21 IS"},
	{"PV2", "1 PL CE CE CE ST - IS TS TS NM 11 NM ST XCN DT ID IS DT IS ID NM 21 IS ID XON IS IS DT IS DT DT CE " +
		"31 IS ID TS ID ID ID ID CE CE CE 41 CE CE IS DT CE DT TS TS CE ID"},
	{"SPM", "1 SI EIP EIP CWE CWE CWE CWE CWE CWE CWE 11 CWE CQ NM ST CWE CWE DR TS TS ID 21 CWE CWE CWE CWE CQ NM CWE CWE CWE"},
	{"SFT", "1 XON ST:code - - - TS"},
	{"MRG", "1 CX:mrn CX:mrn CX:account CX:mrn CX:account CX:mrn XPN"},
	{"IAM", "1 SI CE CE CE ST CNE EI ST CE CE 11 CE DT ST TS XPN CE CE XCN XON TS"},
	{"PR1", "1 SI IS CE ST TS IS NM XCN IS NM 11 XCN XCN CE ID CE CE IS CE EI ID EI"},
	{"ROL", "1 EI ID CE XCN TS TS CE CE CE CE 11 XAD XTN PL XON"},
	{"IN3", "1 SI CX:plan XCN ID - TS TS XCN DT DT 11 - CE TS XCN ST XTN CE CE XTN CE 21 ST DT IS IS"},
	{"ACC", "1 TS CE ST CE ID ID XCN ST ST ID 11 XAD NM"},
	{"UB1", "1 SI NM"},
	{"UB2", "1 SI - IS NM NM - UVC OCD"},
	{"SAC", "1 EI EI EI EI EI SPS TS CE CE EI"},
	{"TQ1", "1 SI CQ RPT - CQ CQ TS TS CWE TX 11 TX ID CQ NM"},
	{"TQ2", "1 SI ID EI EI EI ID ID"},
	{"RXA", "1 NM NM TS TS CE NM CE CE CE XCN 11 - - NM CE ST:id TS CE CE CE ID 21 ID TS"},
	{"RXR", "1 CE CE CE CWE CE CWE"},
	{"RXE", "1 TQ CE NM NM CE CE CE - ID NM 11 CE NM XCN XCN ST:id NM NM TS CQ ID 21 CE - ST:code CE NM CE CE NM CE ID 31 CE TS NM CQ CWE CWE"},
	{"RXO", "1 CE NM NM CE CE CE CE - ID CE 11 NM CE NM XCN XCN ID ST:code NM CE CE 21 ST:code CE ID NM CE"},
	{"RXD", "1 NM CE TS NM CE CE ST:id NM ST XCN 11 ID CQ - ID CE NM CE ST:id TS CE 21 CE NM CE CE"},
	{"RXG", "1 NM NM TQ CE NM NM CE CE CE ID 11 - ID CE ST:code CE NM CE ST:id TS CE"},
	{"RXC", "1 ID CE NM CE NM CE CE"},
	{"SCH", "1 EI EI NM EI CE CE CE CE NM CE 11 TQ XCN XTN XAD PL XCN XTN XAD PL XCN 21 XTN PL EI EI CE EI EI"},
	{"RGS", "1 SI ID CE"},
	{"AIS", "1 SI ID CE TS NM CE NM CE IS CE 11 CE CE"},
	{"AIG", "1 SI ID - CE CE NM CE TS NM CE 11 NM CE IS CE"},
	{"AIL", "1 SI ID PL CE - TS NM CE NM CE 11 IS CE"},
	{"AIP", "1 SI ID XCN CE CE TS NM CE NM CE 11 IS CE"},
	{"TXA", "1 SI IS ID TS XCN TS TS TS XCN XCN 11 XCN EI EI EI EI - ID ID ID ID 21 ST PPN XCN"},
	{"FT1", "1 SI ST:id ST:id DR TS IS CE ST ST NM 11 CP CP CE CE CP PL IS IS CE XCN 21 XCN CP EI XCN CE CE CE"},
	{"PDA", "1 CE PL ID TS:death XCN ID DR XCN ID"},
	{"PRB", "1 ID TS CE EI EI NM TS TS TS CE 11 CE CE CE CE TS ST"},
	{"DRG", "1 CE TS ID IS NM CE IS NM IS ID"},
	{"DB1", "1 SI IS CX:id ID DT DT DT DT"},
	{"CTI", "1 EI CE CE"},
	{"MSA", "1 ID ST:id ST NM ID CE"},
	{"ERR", "3 CWE ID CWE ST TX TX IS CWE 11 CWE XTN"},
	{"DSC", "2 ID"},
	{"FHS", "3 HD HD HD HD TS - ST:id ST ST:id ST:id"},
	{"BHS", "3 HD HD HD HD TS - ST:id ST ST:id ST:id"},
	{"BTS", "1 NM ST NM"},
	{"FTS", "1 NM ST"},
}
