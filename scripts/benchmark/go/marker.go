package main

import (
	"bytes"
	"strconv"
)

// A token's text is a marker, so that a client finds its number and its time of writing by a byte search,
// without parsing JSON: @NUMBER:NANOSECONDS, both with leading zeros. Nothing else in an answer holds an @.
const (
	numberDigits = 7
	timeDigits   = 19
	markerLength = 1 + numberDigits + 1 + timeDigits
)

// appendMarker appends the marker of one token; writtenNs is Unix time, which both ends of a machine share.
func appendMarker(buffer []byte, number int, writtenNs int64) []byte {
	buffer = appendDigits(append(buffer, '@'), int64(number), numberDigits)
	return appendDigits(append(buffer, ':'), writtenNs, timeDigits)
}

func appendDigits(buffer []byte, value int64, digits int) []byte {
	text := strconv.FormatInt(value, 10)
	for i := len(text); i < digits; i++ {
		buffer = append(buffer, '0')
	}
	return append(buffer, text...)
}

// nextMarker finds the first marker in data. used is how much of data is done with: what follows it is to be
// searched again when more has come. found is false where there is no whole marker.
func nextMarker(data []byte) (number int, writtenNs int64, used int, found bool) {
	at := bytes.IndexByte(data, '@')
	if at < 0 {
		return 0, 0, len(data), false
	}
	if len(data)-at < markerLength {
		return 0, 0, at, false
	}
	number = int(digits(data[at+1 : at+1+numberDigits]))
	writtenNs = digits(data[at+2+numberDigits : at+markerLength])
	return number, writtenNs, at + markerLength, true
}

func digits(text []byte) int64 {
	var value int64
	for _, digit := range text {
		value = value*10 + int64(digit-'0')
	}
	return value
}
