package reader

import "testing"

func TestRawHTML(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"Leave it <b>here</b>": true, "<script>alert(1)": true, "x <script src=//evil": true, "<!-- hidden -->": true, "a </p > b": true,
		"<?php x ?>": true, "<!DOCTYPE html>": true, "<![CDATA[x]]>": true, "<br/>": true, "<br />": true, "<IMG SRC=x onerror=y>": true,
		"<a href=\"x\">": true, "line\n<style\n": true, "<x-y z>": true,
		"I <3 you": false, "a < b and c > d": false, "2<3>1": false, "<https://shop.example>": false, "<ada@example.com>": false,
		"ring <twice>!": true, "": false, "*bold* `code`": false, "price<100": false, "a <b and c": false,
	} {
		if got := rawHTML.MatchString(text); got != want {
			t.Errorf("%q: raw HTML is %v, want %v", text, got, want)
		}
	}
}
