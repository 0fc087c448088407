package auditslog

var ParsePositions = parsePositions
