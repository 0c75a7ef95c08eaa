package payload

import (
	"github.com/coldwatch/coldwatch"
)

func (o *opener) pdf(p *coldwatch.Payload, it item)                   {}
func (o *opener) office(p *coldwatch.Payload, it item)                {}
func (o *opener) image(p *coldwatch.Payload, it item)                 {}
func (o *opener) small(p *coldwatch.Payload, it item)                 {}
func (o *opener) drawn(p *coldwatch.Payload, it item, cells [][]bool) {}
func (o *opener) blocks(p *coldwatch.Payload, it item)                {}
func (o *opener) ooxml(p *coldwatch.Payload, it item)                 {}
