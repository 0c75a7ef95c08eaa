package pdf

// palette gives the shade of each colour of an indexed colour space (section 8.6.6.3), nil for others.
func (d *document) palette(v any) []byte {
	a, _ := d.resolve(v).(array)
	if len(a) < 4 || d.name(a[0]) != "Indexed" && d.name(a[0]) != "I" {
		return nil
	}
	n := 3
	switch base := d.resolve(a[1]).(type) {
	case name:
		n = map[name]int{"DeviceGray": 1, "G": 1, "CalGray": 1, "DeviceCMYK": 4, "CMYK": 4}[base]
		if n == 0 {
			n = 3
		}
	case array:
		if len(base) > 1 && d.name(base[0]) == "ICCBased" {
			if f, ok := d.num(d.dict(base[1])["N"]); ok && f >= 1 && f <= 4 {
				n = int(f)
			}
		}
	}
	var table []byte
	switch t := d.resolve(a[3]).(type) {
	case string:
		table = []byte(t)
	default:
		if r, ok := a[3].(ref); ok {
			if o := d.objects[int(r)]; o != nil && o.stream != nil {
				table = d.decode(o)
			}
		}
	}
	out := make([]byte, 0, 256)
	for i := 0; i+n <= len(table) && len(out) < 256; i += n {
		c := table[i : i+n]
		switch n {
		case 1:
			out = append(out, c[0])
		case 4:
			ink := min(255, int(c[3])+(int(c[0])*77+int(c[1])*150+int(c[2])*29)>>8)
			out = append(out, byte(255-ink))
		default:
			out = append(out, byte((int(c[0])*77+int(c[1])*150+int(c[2])*29)>>8))
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// spread gives each pixel of one sample a byte: its shade by the palette, or by the sample itself. It returns nil if there
// are fewer samples than pixels.
func spread(px []byte, w, h, bits int, palette []byte) []byte {
	if bits != 1 && bits != 2 && bits != 4 && bits != 8 {
		return nil
	}
	stride := (w*bits + 7) / 8
	if len(px) < stride*h {
		return nil
	}
	out := make([]byte, w*h)
	top := 1<<bits - 1
	for y := range h {
		row := px[y*stride : (y+1)*stride]
		for x := range w {
			v := int(row[x*bits/8]) >> (8 - bits - x*bits%8) & top
			switch {
			case palette == nil:
				out[y*w+x] = byte(v * 255 / top)
			case v < len(palette):
				out[y*w+x] = palette[v]
			}
		}
	}
	return out
}
