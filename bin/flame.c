/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing folded stacks and flame graphs.  Nothing here may know the guest.
 *
 * Names come from a hostile file.  Both formats get printable ASCII only, in
 * which the few bytes that have a meaning there are replaced or escaped.
 */
#include "flame.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define DEPTH  128  /* more than any stack has */
#define WIDTH  1200 /* pixels; the script has the number also */
#define MARGIN 10
#define LEVEL  17  /* pixels of a frame's height, with the gap */
#define TOP    46  /* above the frames */
#define LEAST  0.2 /* a narrower frame is left out */
#define LETTER 6.6 /* pixels of a letter's width, about */

struct page {
	double scale; /* pixels of a sample */
	int height;   /* where the root ends */
	uint64_t all; /* samples */
	struct output_buffer text;
};

static const char style[] =
    "<style>\n"
    "text{font:12px monospace;fill:#000}\n"
    ".f{cursor:pointer}.f text{pointer-events:none}\n"
    ".f:hover rect{stroke:#000;stroke-width:.7}\n"
    ".b{cursor:pointer;fill:#04c}.d{opacity:.5}.h{display:none}\n"
    ".m rect{fill:#e0e}\n"
    "</style>\n";

/* Zoom by a click on a frame, search by a word or a regular expression.  The
 * numbers of a frame are its attributes: x and w, in samples. */
static const char script[] =
    "<script><![CDATA[\n"
    "(function(){\n"
    "var W=1180,L=6.6,all=0,word='';\n"
    "var fs=[].slice.call(document.querySelectorAll('.f'));\n"
    "function num(g,a){return +g.getAttribute(a)}\n"
    "function name(g){return g.getAttribute('data-n')}\n"
    "function by(id){return document.getElementById(id)}\n"
    "function set(g,c,on){g.classList[on?'add':'remove'](c)}\n"
    "function fit(s,w){var n=Math.floor((w-6)/L);\n"
    " return n<2?'':s.length<=n?s:s.slice(0,n-1)+'~'}\n"
    "fs.forEach(function(g){all=Math.max(all,num(g,'data-w'))});\n"
    "function zoom(to){\n"
    " var x=to?num(to,'data-x'):0,w=to?num(to,'data-w'):all;\n"
    " var y=to?num(to,'data-y'):0;\n"
    " fs.forEach(function(g){\n"
    "  var gx=num(g,'data-x'),gw=num(g,'data-w');\n"
    "  var out=gx+gw<=x||gx>=x+w,under=num(g,'data-y')<y;\n"
    "  var a=Math.max(gx,x),b=Math.min(gx+gw,x+w);\n"
    "  var left=10+(a-x)*W/w,wide=(b-a)*W/w;\n"
    "  set(g,'h',out||wide<.2);set(g,'d',under);\n"
    "  var r=g.querySelector('rect'),t=g.querySelector('text');\n"
    "  r.setAttribute('x',left);r.setAttribute('width',Math.max(wide,0));\n"
    "  t.setAttribute('x',left+3);t.textContent=fit(name(g),wide)});\n"
    " set(by('reset'),'h',!to)}\n"
    "function search(s){\n"
    " var re=null,sum=0,end=0;word=s||'';\n"
    " try{re=word&&new RegExp(word)}catch(e){\n"
    "  re={test:function(n){return n.indexOf(word)>=0}}}\n"
    " fs.forEach(function(g){\n"
    "  var hit=re&&re.test(name(g));set(g,'m',hit);\n"
    "  if(hit&&num(g,'data-x')>=end){sum+=num(g,'data-w');\n"
    "   end=num(g,'data-x')+num(g,'data-w')}});\n"
    " by('found').textContent=word?(100*sum/all).toFixed(1)+'% has '+word:''}\n"
    "fs.forEach(function(g){g.addEventListener('click',function(){zoom(g)});\n"
    " g.addEventListener('mouseover',function(){by('about').textContent=\n"
    "  g.querySelector('title').textContent})});\n"
    "by('reset').addEventListener('click',function(){zoom(null)});\n"
    "function ask(){var s=prompt('A name, or a regular expression:',word);\n"
    " if(s!==null)search(s)}\n"
    "by('search').addEventListener('click',ask);\n"
    "addEventListener('keydown',function(e){\n"
    " if((e.ctrlKey&&e.key==='f')||e.key==='/'){e.preventDefault();ask()}\n"
    " if(e.key==='Escape')zoom(null)});\n"
    "window.flame={zoom:function(s){zoom(fs.filter(function(g){\n"
    " return name(g)===s})[0]||null)},search:search};\n"
    "if(location.hash){var h=location.hash.slice(1).split('=');\n"
    " if(flame[h[0]])flame[h[0]](decodeURIComponent(h[1]||''))}\n"
    "})();\n"
    "]]></script>\n";

static void
put_text(struct page *page, const char *text)
{
	output_add(&page->text, text, strlen(text));
}

/* The name as it is shown: without blanks, semicolons, and bytes that are not
 * printable ASCII. */
static void
shown_name(const struct flame_node *node, char text[FLAME_NAME + 3])
{
	const bool call = node->kind == FLAME_CALL;
	size_t n = 0, i;

	if (call)
		text[n++] = '[';
	for (i = 0; i < FLAME_NAME && node->name[i]; i++) {
		const char c = node->name[i];

		text[n++] = c > ' ' && c < 127 && c != ';' ? c : '_';
	}
	if (call)
		text[n++] = ']';
	text[n] = '\0';
}

/* Text of XML, cut to `most` bytes. */
static void
put_escaped(struct page *page, const char *text, size_t most)
{
	for (; *text && most > 0; text++, most--)
		switch (*text) {
		case '<': put_text(page, "&lt;"); break;
		case '>': put_text(page, "&gt;"); break;
		case '&': put_text(page, "&amp;"); break;
		case '"': put_text(page, "&quot;"); break;
		default: output_add(&page->text, text, 1); break;
		}
}

static void
fold(struct page *page, const struct flame_node *node,
    const struct flame_node **way, unsigned depth)
{
	char text[FLAME_NAME + 3];
	unsigned i;

	way[depth] = node;
	for (i = 0; node->self && i <= depth; i++) {
		shown_name(way[i], text);
		output_addf(&page->text, "%s%s", i > 0 ? ";" : "", text);
	}
	if (node->self)
		output_addf(&page->text, " %" PRIu64 "\n", node->self);
	if (depth + 1 < DEPTH)
		for (node = node->child; node; node = node->next)
			fold(page, node, way, depth + 1);
}

void
flame_fold(struct output *out, const struct flame_node *root)
{
	const struct flame_node *way[DEPTH], *node;
	struct page page = { .text.out = out };

	for (node = root->child; node; node = node->next)
		fold(&page, node, way, 0);
	output_flush(&page.text);
}

/* A colour of its kind's hue; one name has one colour. */
static unsigned
colour(enum flame_kind kind, const char *name)
{
	unsigned hash = 5381, a, b;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	a = hash % 50;
	b = hash / 50 % 60;
	switch (kind) {
	case FLAME_CODE: return (205 + a) << 16 | (100 + 2 * b) << 8 | (30 + b);
	case FLAME_CALL: return (90 + b) << 16 | (160 + b) << 8 | (205 + a);
	case FLAME_OTHER: return (130 + b) << 16 | (190 + a) << 8 | (120 + b);
	default: return (190 + a / 2) << 16 | (190 + a / 2) << 8 | 200;
	}
}

static void
draw(struct page *page, const struct flame_node *node, uint64_t x,
    unsigned depth)
{
	const double left = MARGIN + (double)x * page->scale;
	const double wide = (double)node->total * page->scale;
	const int y = page->height - (int)(depth + 1) * LEVEL;
	const double letters = (wide - 6) / LETTER;
	char name[FLAME_NAME + 3];
	size_t fits = letters < 2 ? 0 : (size_t)letters;

	if (wide < LEAST || depth == DEPTH)
		return;
	shown_name(node, name);
	output_addf(&page->text,
	    "<g class=\"f\" data-x=\"%" PRIu64 "\" data-w=\"%" PRIu64
	    "\" data-y=\"%u\" data-n=\"",
	    x, node->total, depth);
	put_escaped(page, name, sizeof(name));
	put_text(page, "\"><title>");
	put_escaped(page, name, sizeof(name));
	output_addf(&page->text, ": %" PRIu64 " samples, %.2f%%</title>",
	    node->total, 100 * (double)node->total / (double)page->all);
	output_addf(&page->text,
	    "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"1\""
	    " fill=\"#%06x\"/>",
	    left, y, wide, LEVEL - 1, colour(node->kind, name));
	output_addf(
	    &page->text, "<text x=\"%.1f\" y=\"%d\">", left + 3, y + 12);
	put_escaped(page, name, strlen(name) > fits && fits ? fits - 1 : fits);
	put_text(page, fits && strlen(name) > fits ? "~" : "");
	put_text(page, "</text></g>\n");
	for (node = node->child; node; x += node->total, node = node->next)
		draw(page, node, x, depth + 1);
}

static unsigned
levels(const struct flame_node *node)
{
	unsigned most = 0;

	for (node = node->child; node; node = node->next) {
		const unsigned n = levels(node);

		most = n > most ? n : most;
	}
	return most + 1;
}

void
flame_draw(struct output *out, const struct flame_node *root, const char *title)
{
	struct page page = { .text.out = out, .all = root->total };
	const int end = TOP + (int)levels(root) * LEVEL;

	page.height = end;
	page.scale = (WIDTH - 2.0 * MARGIN) / (double)(page.all ? page.all : 1);
	output_addf(&page.text,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\""
	    " height=\"%d\" viewBox=\"0 0 %d %d\">\n",
	    WIDTH, end + 28, WIDTH, end + 28);
	put_text(&page, style);
	output_addf(&page.text,
	    "<rect width=\"%d\" height=\"%d\" fill=\"#fffdf6\"/>\n", WIDTH,
	    end + 28);
	output_addf(&page.text, "<text x=\"%d\" y=\"20\">", MARGIN);
	put_escaped(&page, title, 160);
	output_addf(&page.text,
	    "</text>\n<text id=\"search\" class=\"b\" x=\"%d\" y=\"20\">"
	    "search</text>\n<text id=\"reset\" class=\"b h\" x=\"%d\" y=\"20\">"
	    "whole</text>\n",
	    WIDTH - 60, WIDTH - 120);
	output_addf(&page.text,
	    "<text id=\"found\" x=\"%d\" y=\"38\"> </text>\n"
	    "<text id=\"about\" x=\"%d\" y=\"%d\"> </text>\n",
	    MARGIN, MARGIN, end + 18);
	if (page.all > 0)
		draw(&page, root, 0, 0);
	put_text(&page, script);
	put_text(&page, "</svg>\n");
	output_flush(&page.text);
}
