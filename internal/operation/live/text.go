package live

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Thousands writes 12345 as 12,345.
func Thousands(n int64) string {
	if n < 0 {
		return "-" + Thousands(-n)
	}
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Clock writes a duration as 4.2 s, 1:05 min or 2:03:04 h.
func Clock(d time.Duration) string {
	if d < 9950*time.Millisecond {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	if d < time.Minute {
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	s := int64(math.Round(d.Seconds()))
	if s < 3600 {
		return fmt.Sprintf("%d:%02d min", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d h", s/3600, s/60%60, s%60)
}

// Readable writes a number with three or four significant digits.
func Readable(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1000:
		return Thousands(int64(math.Round(v)))
	case a >= 100 || v == math.Trunc(v):
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 0.1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// count writes 1 language, 34 languages.
func count(n int64, what string) string {
	if n != 1 {
		if strings.HasSuffix(what, "y") {
			what = strings.TrimSuffix(what, "y") + "ies"
		} else {
			what += "s"
		}
	}
	return Thousands(n) + " " + what
}
