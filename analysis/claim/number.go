package claim

// scanNumber reads the number that begins at b[i], a digit: its value and end, ok only for one that is a plain amount.
// Point, comma and apostrophe are read as their places say: the last of two kinds is the decimal sign; one that repeats, or
// that three digits follow, parts thousands. Dates, versions and addresses are not amounts.
func scanNumber(b []byte, i int) (v float64, end int, ok bool) {
	const maxDigits = 15
	var seps [8]byte
	var groups [9]int // digits between them
	n, digits := 0, 0
	j := i
	for j < len(b) {
		c := b[j]
		if digit(c) {
			groups[n]++
			if digits++; digits > maxDigits {
				return 0, skipNumber(b, j), false
			}
			j++
			continue
		}
		if (c == '.' || c == ',' || c == '\'') && j+1 < len(b) && digit(b[j+1]) && j > i {
			if n == len(seps) {
				return 0, skipNumber(b, j), false
			}
			seps[n] = c
			n++
			j++
			continue
		}
		break
	}
	decimals, ok := decimalsOf(seps[:n], groups[:n+1])
	if !ok {
		return 0, j, false
	}
	for k := i; k < j; k++ {
		if digit(b[k]) {
			v = v*10 + float64(b[k]-'0')
		}
	}
	for ; decimals > 0; decimals-- {
		v /= 10
	}
	return v, j, true
}

func skipNumber(b []byte, j int) int {
	for j < len(b) && (digit(b[j]) || b[j] == '.' || b[j] == ',') {
		j++
	}
	return j
}

// decimalsOf tells how many digits stand behind the decimal sign.
func decimalsOf(seps []byte, groups []int) (int, bool) {
	n := len(seps)
	if n == 0 {
		return 0, true
	}
	last, same := seps[n-1], true
	for _, c := range seps {
		same = same && c == last
	}
	tail := groups[n]
	switch {
	case !same: // two kinds: thousands, and one decimal sign at the end
		for k := 0; k < n-1; k++ {
			if seps[k] == last || k > 0 && !thousands(groups[k]) {
				return 0, false
			}
		}
		return tail, thousands(groups[n-1]) && tail <= 4
	case n > 1:
		for k := 1; k <= n; k++ {
			if !thousands(groups[k]) {
				return 0, false
			}
		}
		return 0, tail == 3
	case last == '\'':
		return 0, tail == 3
	case tail == 3 && groups[0] <= 3 && groups[0] > 0:
		return 0, true
	}
	return tail, tail <= 4
}

// thousands tells whether a group of digits may stand within a number: three, or two in the Indian way.
func thousands(n int) bool { return n == 3 || n == 2 }

// spaced extends a number over groups of three digits parted by spaces, as French, Russian and others write it.
func spaced(b []byte, v float64, end int) (float64, int) {
	for end+3 < len(b) && b[end] == ' ' && digit(b[end+1]) && digit(b[end+2]) && digit(b[end+3]) && (end+4 == len(b) || !digit(b[end+4])) && v == float64(int64(v)) && v < 1e9 {
		v = v*1000 + float64(int(b[end+1]-'0')*100+int(b[end+2]-'0')*10+int(b[end+3]-'0'))
		end += 4
		if end+2 < len(b) && (b[end] == ',' || b[end] == '.') && digit(b[end+1]) && digit(b[end+2]) {
			v += float64(b[end+1]-'0')/10 + float64(b[end+2]-'0')/100
			return v, end + 3
		}
	}
	return v, end
}
