package message

// Limits bound what one message may cost. Past a limit, reading stops there, what was read is kept, and a Defect with
// the kind given below says so. A zero field takes its default.
type Limits struct {
	Depth        int // limit.mime_depth: nested multiparts; what is deeper stays one leaf
	Parts        int // limit.mime_parts: parts in all readings; the rest stays in the last part
	HeaderBytes  int // limit.header_bytes: bytes of one header block
	HeaderFields int // limit.header_fields: fields of one header block
	Folds        int // limit.header_folds: continuation lines of one field
	Params       int // limit.params: parameters of one field, RFC 2231 pieces counted apart
	Segments     int // limit.segments: RFC 2231 pieces of one field
	Decoded      int // limit.decoded: bytes of decoded content in all readings
	Readings     int // limit.readings: readings tried besides the standard one
	ReadingWork  int // limit.readings: bytes that other readings may look at, as a multiple of the message's size
	Inner        int // limit.inner: messages carried inside
	ArchiveBytes int // limit.archive_total: bytes unpacked from zipped mail
	ArchiveFiles int // limit.archive_entries: entries of a zip that are looked at
}

// Default returns the limits that hold when nobody sets others.
func Default() Limits {
	return Limits{
		Depth:        64,
		Parts:        2048,
		HeaderBytes:  1 << 20,
		HeaderFields: 4096,
		Folds:        64 << 10,
		Params:       128,
		Segments:     4096,
		Decoded:      128 << 20,
		Readings:     24,
		ReadingWork:  6,
		Inner:        64,
		ArchiveBytes: 32 << 20,
		ArchiveFiles: 2000,
	}
}

func (l Limits) orDefault() Limits {
	d := Default()
	for _, f := range []struct{ have, def *int }{
		{&l.Depth, &d.Depth}, {&l.Parts, &d.Parts}, {&l.HeaderBytes, &d.HeaderBytes}, {&l.HeaderFields, &d.HeaderFields},
		{&l.Folds, &d.Folds}, {&l.Params, &d.Params}, {&l.Segments, &d.Segments}, {&l.Decoded, &d.Decoded},
		{&l.Readings, &d.Readings}, {&l.ReadingWork, &d.ReadingWork}, {&l.Inner, &d.Inner},
		{&l.ArchiveBytes, &d.ArchiveBytes}, {&l.ArchiveFiles, &d.ArchiveFiles},
	} {
		if *f.have <= 0 {
			*f.have = *f.def
		}
	}
	return l
}
