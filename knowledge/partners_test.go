package knowledge

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestReadPartners(t *testing.T) {
	known := Default()
	some := known.Organisations[0]
	list := "Name;Domains;Roles;Country;Person;Email;Brands\n" +
		"New Freight;new-freight.example;forwarder;NL;Ann Example;ann@new-freight.example;FastFreight\n" +
		"New Freight;freight-new.example;;;Bob Example;not an address;\n" +
		some.Name + ";added.example;;;;;\n" +
		"Open Mail;gmail.com;forwarder;NL;;;\n" +
		"Nowhere;nowhere.example;forwarder;Atlantis;;;\n" +
		"Odd;odd.example;astronaut;NL;;;\n"
	p, problems, err := ReadPartners("list.csv", strings.NewReader(list), known)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Organisations) != 2 || len(p.People) != 2 {
		t.Fatalf("%+v", p)
	}
	if o := p.Organisations[0]; o.ID != "new-freight" || !slices.Equal(o.Domains, []string{"new-freight.example", "freight-new.example"}) || !slices.Equal(o.Aliases, []string{"FastFreight"}) {
		t.Errorf("%+v", o)
	}
	if o := p.Organisations[1]; o.ID != some.ID || o.Country != some.Country || len(o.Domains) != len(some.Domains)+1 {
		t.Errorf("what was known is lost: %+v", o)
	}
	if slices.Contains(some.Domains, "added.example") || p.People[1].Email != "" {
		t.Error("the known pack was changed, or nonsense was taken for an address")
	}
	fatal := 0
	for _, x := range problems {
		if x.Fatal {
			fatal++
		}
		if x.Hint == "" {
			t.Errorf("no hint: %+v", x)
		}
	}
	if fatal != 3 {
		t.Errorf("%d rows left out: %+v", fatal, problems)
	}
	dir := t.TempDir()
	for range 2 { // twice is once
		if err := ImportPartners(dir, p); err != nil {
			t.Fatal(err)
		}
	}
	back, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if o := back.OwnerOf("freight-new.example"); o == nil || o.ID != "new-freight" || len(back.PeopleOf("new-freight")) != 2 {
		t.Errorf("%+v", o)
	}
	if len(back.Organisations) != len(known.Organisations)+1 {
		t.Errorf("%d organisations", len(back.Organisations))
	}
}

func TestConfirmDomain(t *testing.T) {
	known := Default()
	some := &known.Organisations[0]
	dir := t.TempDir()
	o, err := ConfirmDomain(dir, known, some.ID, "Their-New.example", "message 1 (SPF pass)")
	if err != nil || o.Domains[len(o.Domains)-1] != "their-new.example" || !strings.Contains(o.Source, "message 1") {
		t.Fatalf("%+v, %v", o, err)
	}
	back, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if owner := back.OwnerOf("mail.their-new.example"); owner == nil || owner.ID != some.ID {
		t.Errorf("%+v", owner)
	}
	other := known.Organisations[1].ID
	for _, c := range [][2]string{{some.ID, "gmail.com"}, {some.ID, "co.uk"}, {some.ID, "nonsense"}, {"nobody", "a.example"}, {other, "their-new.example"}} {
		var in *InputError
		if _, err := ConfirmDomain(dir, back, c[0], c[1], ""); !errors.As(err, &in) || in.Hint == "" {
			t.Errorf("%v: %v", c, err)
		}
	}
}
