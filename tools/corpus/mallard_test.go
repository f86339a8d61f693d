package main

import (
	"fmt"
	"strings"
	"testing"
)

// mallardPage is a page with a description and a body.
func mallardPage(desc, body string) string {
	return `<?xml version="1.0" encoding="utf-8"?><page xmlns="http://projectmallard.org/1.0/" xmlns:if="http://projectmallard.org/if/1.0/" type="topic" id="x">
  <info><link type="guide" xref="index"/><credit type="author"><name>A. Author</name><email>a@example.org</email></credit>` + desc + `</info>
  <title>Its <em>title</em></title>` + body + `</page>`
}

func TestAPageIsItsDescriptionAndItsParagraphs(t *testing.T) {
	for name, c := range map[string][3]string{ // description, body; summary|paragraphs
		"wrapped lines":      {"<desc>Turn\n  it  on.</desc>", "<p>One\n  two.</p>\n\n<p>Three.</p>", "Turn it on.|One two.|Three."},
		"markup":             {"<desc>Press <key>Tab</key> in <app>Files</app> &amp; <gui>Help &lt;b&gt;</gui>.</desc>", "<p><em>a</em><code>b</code> &#x41;</p>", "Press Tab in Files & Help <b>.|ab A"},
		"keys together":      {"<desc>Press <keyseq><key>Ctrl</key>\n <key>C</key></keyseq>.</desc>", "<p><keyseq><key>Alt</key>arrow keys</keyseq></p>", "Press Ctrl+C.|Alt+arrow keys"},
		"menus":              {"<desc>d</desc>", "<p><guiseq><gui>File</gui><gui>Open</gui></guiseq></p>", "d|File ▸ Open"},
		"lists and tables":   {"<desc>d</desc>", "<steps><title>no</title><item><p>1</p></item><item><p>2</p><list><item><p>3</p></item></list></item></steps><table><tr><td><p>4</p></td></tr></table>", "d|1|2|3|4"},
		"sections and notes": {"<desc>d</desc>", "<note style='tip'><title>no</title><p>1</p></note><section id='s'><title>no</title><p>2</p></section><terms><item><title>no</title><p>3</p></item></terms>", "d|1|2|3"},
		"what stands aside":  {"<desc>d<comment><p>no</p></comment></desc>", "<comment><cite>me</cite><p>no</p></comment><media src='x.png'><p>no</p></media><links><title>no</title></links><screen>no</screen><p>1</p>", "d|1"},
		"a picture in it":    {"<desc>d</desc>", "<p>press <media src='x.svg'>PS</media> and <media src='y.svg'/>.</p>", "d|press PS and ."},
		"empty paragraphs":   {"<desc>d</desc>", "<p/><p> \n </p><p>1</p>", "d|1"},
		"no description":     {"", "<p>1</p>", "|1"},
		"an empty one":       {"<desc> </desc>", "<p>1</p>", "|1"},
		"one of a section":   {"", "<section><info><desc>no</desc></info><p>1</p></section>", "|1"},
		"no paragraph":       {"<desc>d</desc>", "<links type='topic'/>", "d"},
		"other namespaces":   {"<desc>d</desc>", "<x:p xmlns:x='urn:other'>no</x:p><x:b xmlns:x='urn:other'><p>no</p></x:b><p>1</p>", "d|1"},
		"a choice": {"<desc>d</desc>", "<if:choose><if:when test='platform:classic'><p>no</p></if:when><if:when test='!platform:classic !platform:ubuntu'><p>1</p></if:when><if:when test='!x'><p>no</p></if:when><p>no</p></if:choose>" +
			"<if:choose><if:when test='platform:classic'><p>no</p></if:when><p>2</p></if:choose>", "d|1|2"},
		"conditions":    {"<desc>d</desc>", "<if:if test='target:mobile'><p>no</p></if:if><p if:test='action:install'>no</p><p if:test='x, !target:mobile'>1</p><p if:test='!x y'>no</p>", "d|1"},
		"other scripts": {"<desc>बाउंस कुंजी</desc>", "<p>打开<gui>活动</gui>概览。</p>", "बाउंस कुंजी|打开活动概览。"},
		"CDATA":         {"<desc><![CDATA[a <b>]]></desc>", "<p>1<!-- no --></p>", "a <b>|1"},
	} {
		p, err := parsePage([]byte(mallardPage(c[0], c[1])))
		if got := strings.Join(append([]string{p.summary}, p.paragraphs...), "|"); err != nil || got != c[2] || p.title != "Its title" {
			t.Errorf("%s: %q under %q, %v", name, got, p.title, err)
		}
	}
}

func TestALinkShowsTheTitleOfWhatItLeadsTo(t *testing.T) {
	pages := map[string]*page{}
	for name, body := range map[string]string{
		"x": "<p>See <link xref='y'/>, <link xref='y#part'> </link>, <link xref='#own'/> or <link xref='y'>that <em>page</em></link>; <link href='https://example.org/'/>.</p>" +
			"<p>Not <link xref='away'/>, <link xref='y#away'/>, <link xref='z#t'/>, <link/> or <link xref=''/>!</p><section id='own'><title>Own part</title></section>",
		"y": "<section id='part'><title>A <gui>part</gui></title><p>1</p></section>",
		"z": "<section id='t'><title>to <link xref='x'/></title></section>", // a title with a hole of its own
	} {
		p, err := parsePage([]byte(mallardPage("<desc>Of <link xref='y'/></desc>", body)))
		if err != nil {
			t.Fatal(err)
		}
		pages[name] = &p
	}
	pages["x"].fill("x", pages)
	want := "Of Its title|See Its title, A part, Own part or that page; https://example.org/.|Not , , to x, or !"
	if got := strings.Join(append([]string{pages["x"].summary}, pages["x"].paragraphs...), "|"); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestWhatIsNoPageIsRefused(t *testing.T) {
	deep := strings.Repeat("<section>", maximumDepth+1) + strings.Repeat("</section>", maximumDepth+1)
	for name, c := range map[string][2]string{
		"nothing":             {"", "0 elements"},
		"text":                {"no page", "0 elements"},
		"another document":    {"<html><p>x</p></html>", "no Mallard page"},
		"another namespace":   {"<page xmlns='urn:other'/>", "no Mallard page"},
		"cut off":             {mallardPage("", "<p>x</p>")[:200], "EOF"},
		"crossed":             {mallardPage("", "<p><em>x</p></em>"), "em"},
		"two roots":           {mallardPage("", "") + "<page/>", "2 elements"},
		"no UTF-8":            {mallardPage("", "<p>\xff</p>"), "UTF-8"},
		"another encoding":    {"<?xml version='1.0' encoding='latin1'?><page/>", "encoding"},
		"a zero":              {mallardPage("", "<p>\x00x\x00</p>"), "illegal character"},
		"deep":                {mallardPage("", deep), "more than 100 deep"},
		"entities of its own": {"<!DOCTYPE page [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]>" + mallardPage("", "<p>&b;</p>")[38:], "entity"},
		"entities of a file":  {"<!DOCTYPE page [<!ENTITY f SYSTEM 'file:///etc/hostname'>]>" + mallardPage("", "<p>&f;</p>")[38:], "entity"},
	} {
		if _, err := parsePage([]byte(c[0])); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestThoseWhoWroteAndThoseWhoTranslatedAreToldApart(t *testing.T) {
	p, err := parsePage([]byte(mallardPage("<mal:credit xmlns:mal='http://projectmallard.org/1.0/' type='translator copyright'><mal:name>T. One</mal:name></mal:credit>"+
		"<credit type='editor'><name> E.\n Two </name></credit><credit type='author'/>", "")))
	if got := fmt.Sprint(p.credits); err != nil || got != "[{A. Author false} {T. One true} {E. Two false}]" {
		t.Errorf("%s, %v", got, err)
	}
}
