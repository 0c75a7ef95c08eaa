package message

// Limits bound what one message may cost. Past a limit, reading stops there, what was read is kept, and a Defect of the
// kind "limit." and the limit's name says so. A zero field takes its default.
//
// The tags are the limits' names and meanings for whoever sets one; the table of limits in the documentation is made
// of them.
type Limits struct {
	Depth        int `limit:"mime_depth" help:"nested multiparts; what is deeper stays one part"`
	Parts        int `limit:"mime_parts" help:"parts in all readings; the rest stays in the last part"`
	HeaderBytes  int `limit:"header_bytes" help:"bytes of one header block"`
	HeaderFields int `limit:"header_fields" help:"fields of one header block"`
	Folds        int `limit:"header_folds" help:"continuation lines of one field"`
	Params       int `limit:"params" help:"parameters of one field, RFC 2231 pieces counted apart"`
	Segments     int `limit:"segments" help:"RFC 2231 pieces of one field"`
	Decoded      int `limit:"decoded" help:"bytes of decoded content in all readings"`
	Readings     int `limit:"readings" help:"readings tried besides the standard one"`
	ReadingWork  int `limit:"readings_work" help:"bytes that the other readings may look at, as a multiple of the message's size" finding:"limit.readings"`
	Inner        int `limit:"inner" help:"messages carried inside a message"`
	ArchiveBytes int `limit:"mail_zip_bytes" help:"bytes of mail unpacked from zip archives" finding:"limit.archive_total"`
	ArchiveFiles int `limit:"mail_zip_entries" help:"entries of a zip archive searched for mail" finding:"limit.archive_entries"`
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
