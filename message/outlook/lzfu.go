package outlook

import "encoding/binary"

// lzfuStart fills the dictionary before the first byte ([MS-OXRTFCP] section 3.1.1.1.1).
const lzfuStart = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

// maxRTF bounds what one compressed body may unpack to.
const maxRTF = 32 << 20

// decompressRTF unpacks compressed RTF ([MS-OXRTFCP] section 2.1). It returns as much as can be unpacked.
func decompressRTF(b []byte) []byte {
	if len(b) < 16 {
		return nil
	}
	size := int(binary.LittleEndian.Uint32(b[4:]))
	in := b[16:]
	if n := int(binary.LittleEndian.Uint32(b)); n >= 12 && n-12 < len(in) {
		in = in[:n-12]
	}
	if size > maxRTF || size < 0 {
		size = maxRTF
	}
	switch string(b[8:12]) {
	case "MELA":
		return in[:min(len(in), size)]
	case "LZFu":
	default:
		return nil
	}
	var dict [4096]byte
	w := copy(dict[:], lzfuStart)
	out := make([]byte, 0, min(size, 16*len(in)))
	put := func(c byte) {
		out = append(out, c)
		dict[w] = c
		w = (w + 1) & 4095
	}
	for i := 0; i < len(in) && len(out) < size; {
		control := in[i]
		i++
		for bit := 0; bit < 8 && i < len(in) && len(out) < size; bit++ {
			if control&(1<<bit) == 0 {
				put(in[i])
				i++
				continue
			}
			if i+1 >= len(in) {
				return out
			}
			ref := int(in[i])<<8 | int(in[i+1])
			i += 2
			off, n := ref>>4, ref&15+2
			if off == w {
				return out
			}
			for ; n > 0 && len(out) < size; n-- {
				put(dict[off])
				off = (off + 1) & 4095
			}
		}
	}
	return out
}
