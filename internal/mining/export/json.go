package export

import "unicode/utf8"

// appendRow appends one line of the data set. Fields stand in this order, and text is UTF-8, not escaped.
func appendRow(b []byte, sourceURL, targetURL, summary, text string) []byte {
	b = appendString(append(b, `{"source_url": `...), sourceURL)
	b = appendString(append(b, `, "target_url": `...), targetURL)
	b = appendString(append(b, `, "summary": `...), summary)
	b = appendString(append(b, `, "text": `...), text)
	return append(b, "}\n"...)
}

// appendString appends a JSON string that escapes only what JSON makes it escape: encoding/json would also escape U+2028
// and U+2029, which occur in real articles.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r) // an invalid byte becomes U+FFFD
			i += size
			continue
		}
		i++
	}
	return append(b, '"')
}
