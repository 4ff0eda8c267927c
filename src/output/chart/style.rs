//! Colours, light and dark, and patterns: after Okabe and Ito, whose colours people with any colour vision tell apart.
//!
//! No custom properties: librsvg and Inkscape do not know them.

use std::fmt::Write;

/// Selector, property, and its value on white and on black.
pub(in crate::output) type Colour = (&'static str, &'static str, &'static str, &'static str);

const COLOURS: [Colour; 19] = [
    (".paper", "fill", "#fff", "#14181d"),
    ("text,.verdict text", "fill", "#1c2128", "#e8ebee"),
    ("text.faint,.axis text,.legend text,.restart", "fill", "#5d6670", "#a3adb8"),
    (".grid", "stroke", "#e4e8ec", "#2a3038"),
    (".tick,.frame", "stroke", "#8b949e", "#6b7480"),
    (".heap", "fill", "#56b4e9", "#2f7fb5"),
    (".heap", "stroke", "#56b4e9", "#2f7fb5"),
    (".floor", "stroke", "#00568f", "#8ed0ff"),
    ("path.limit,line.limit", "stroke", "#b84a00", "#ff9a52"),
    ("text.limit", "fill", "#b84a00", "#ff9a52"),
    (".call", "stroke", "#8a2f6b", "#f2a6d6"),
    (".end", "stroke", "#1c2128", "#fff"),
    (".change", "stroke", "#1c2128", "#e8ebee"),
    ("rect.learning", "fill", "#e3e7eb", "#363d46"),
    ("rect.steady", "fill", "#c4e6da", "#1d4f41"),
    ("rect.growing", "fill", "#f7e3a1", "#63500f"),
    ("rect.leaking", "fill", "#f3b08a", "#8a3a10"),
    (".mark", "stroke", "#1c2128", "#fff"),
    (".dot", "fill", "#1c2128", "#fff"),
];

const SHAPES: &str = "\
text{font:13px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif}
.title{font-size:19px;font-weight:bold}.note{font-size:13.5px}.faint,.axis text,.legend text,.when{font-size:12.5px}
.verdict text,text.limit{font-weight:bold}.tick,.frame,.floor,.change,path.limit,line.limit,.mark{fill:none}
.heap{fill-opacity:.4;stroke-opacity:.55;stroke-width:.9;stroke-linejoin:round}.floor{stroke-width:1.8;stroke-linejoin:round}
path.limit,line.limit{stroke-width:2;stroke-dasharray:9 6}.slope{stroke-width:8;stroke-opacity:.3}.call{stroke-opacity:.75;stroke-dasharray:3 3}
.change{stroke-opacity:.55;stroke-dasharray:2 3}
.mark{stroke-width:1.4;stroke-opacity:.28}.dot{fill-opacity:.38}
";

const PATTERNS: &str = "\
<defs>
<pattern id=\"p-learning\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"/>
<pattern id=\"p-steady\" width=\"8\" height=\"6\" patternUnits=\"userSpaceOnUse\"><path class=\"mark\" d=\"M0 3h8\"/></pattern>
<pattern id=\"p-growing\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"><circle class=\"dot\" cx=\"2\" cy=\"2\" r=\"1.2\"/>\
<circle class=\"dot\" cx=\"6\" cy=\"6\" r=\"1.2\"/></pattern>
<pattern id=\"p-leaking\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"><path class=\"mark\" d=\"M-2 2l4-4M0 8l8-8M6 10l4-4\"/></pattern>
</defs>
";

/// Writes the style and the patterns of the verdicts.
pub(super) fn draw(page: &mut String) {
    page.push_str("<style>\n:root{color-scheme:light dark}\n");
    rules(page, SHAPES, &COLOURS);
    page.push_str("</style>\n");
    page.push_str(PATTERNS);
}

/// Writes shapes, and colours for light and for dark.
pub(in crate::output) fn rules(page: &mut String, shapes: &str, colours: &[Colour]) {
    page.push_str(shapes);
    for (selector, property, light, _) in colours {
        let _ = write!(page, "{selector}{{{property}:{light}}}");
    }
    page.push_str("\n@media (prefers-color-scheme:dark){");
    for (selector, property, _, dark) in colours {
        let _ = write!(page, "{selector}{{{property}:{dark}}}");
    }
    page.push_str("}\n");
}
