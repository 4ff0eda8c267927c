//! As much of Markdown as the runbooks use: headings with their anchors, fenced blocks, links.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(super) struct Markdown {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// A fenced block.
pub(super) struct Block {
    /// What stands behind the fence.
    pub(super) info: String,
    /// Line of the fence in the file, from 1.
    pub(super) line: usize,
    pub(super) text: String,
}

impl Markdown {
    pub(super) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path: path.to_owned(), text }
    }

    /// Lines outside fenced blocks, and the blocks.
    fn parts(&self) -> (Vec<&str>, Vec<Block>) {
        let (mut prose, mut blocks) = (Vec::new(), Vec::new());
        let mut open: Option<(usize, Block)> = None;
        for (number, line) in self.text.lines().enumerate() {
            let fence = line.trim_start().strip_prefix("```");
            match (&mut open, fence) {
                (None, Some(info)) => {
                    let indent = line.len() - line.trim_start().len();
                    open = Some((indent, Block { info: info.to_owned(), line: number + 1, text: String::new() }));
                }
                (Some(_), Some("")) => blocks.extend(open.take().map(|(_, block)| block)),
                (Some((indent, block)), _) => {
                    let (margin, rest) = line.split_at((*indent).min(line.len()));
                    assert!(
                        margin.trim().is_empty(),
                        "{}:{}: less indented than its fence",
                        self.path.display(),
                        number + 1
                    );
                    block.text.push_str(rest);
                    block.text.push('\n');
                }
                (None, None) => prose.push(line),
            }
        }
        assert!(open.is_none(), "{}: a fence is never closed", self.path.display());
        (prose, blocks)
    }

    pub(super) fn blocks(&self) -> Vec<Block> {
        self.parts().1
    }

    /// Headings of one level.
    pub(super) fn headings(&self, level: usize) -> Vec<&str> {
        let mark = format!("{} ", "#".repeat(level));
        self.parts().0.into_iter().filter_map(|line| line.strip_prefix(&*mark)).collect()
    }

    /// Anchors of its headings, as GitHub makes them.
    pub(super) fn anchors(&self) -> Vec<String> {
        let mut met: BTreeMap<String, usize> = BTreeMap::new();
        let headings = self.parts().0.into_iter().filter(|line| line.starts_with('#'));
        let anchor = |line: &str| -> String {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        };
        headings
            .map(anchor)
            .map(|anchor| {
                let times = met.entry(anchor.clone()).and_modify(|times| *times += 1).or_default();
                if *times == 0 { anchor } else { format!("{anchor}-{times}") }
            })
            .collect()
    }

    /// Code within its prose.
    pub(super) fn code(&self) -> Vec<&str> {
        self.parts().0.iter().flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
    }

    /// Targets of its inline links, without those in code.
    pub(super) fn links(&self) -> Vec<String> {
        let (prose, _) = self.parts();
        let plain: Vec<String> = prose.iter().map(|line| line.split('`').step_by(2).collect()).collect();
        let text = plain.join("\n");
        text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
    }
}

#[test]
fn headings_blocks_and_links_are_found_where_they_are() {
    let text = "# Is it, a `false` alarm?\n[a](b.md#c) `[x](y)`\n## S\n## S\n1. do\n\n   ```sh\n   # not [a](heading)\n     in\n   ```\n";
    let page = Markdown { path: "x".into(), text: text.to_owned() };
    assert_eq!(page.anchors(), ["is-it-a-false-alarm", "s", "s-1"]);
    assert_eq!(page.headings(2), ["S", "S"]);
    assert_eq!(page.links(), ["b.md#c"]);
    assert_eq!(page.code(), ["false", "[x](y)"]);
    let [block] = &page.blocks()[..] else { panic!("one block") };
    assert_eq!((&*block.info, block.line, &*block.text), ("sh", 7, "# not [a](heading)\n  in\n"));
}
