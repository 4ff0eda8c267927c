//! Where panels stand: rows of 24 columns, each under a heading.

use super::panel::Panel;
use serde_json::{Value, json};

/// Columns of a dashboard.
const COLUMNS: usize = 24;

/// Panels from left to right and from top to bottom.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    panels: Vec<Value>,
    x: usize,
    y: usize,
    /// Height of the row that is being filled.
    height: usize,
}

impl Layout {
    /// A heading.
    pub(crate) fn heading(mut self, title: &str) -> Self {
        self.end_row();
        let id = self.panels.len() + 1;
        self.panels.push(json!({
            "id": id, "type": "row", "title": title, "collapsed": false, "panels": [],
            "gridPos": {"x": 0, "y": self.y, "w": COLUMNS, "h": 1},
        }));
        self.y += 1;
        self
    }

    /// A panel of so many columns and units of height.
    pub(crate) fn panel(mut self, columns: usize, height: usize, panel: Panel) -> Self {
        if self.x + columns > COLUMNS {
            self.end_row();
        }
        let id = self.panels.len() + 1;
        self.panels.push(panel.json(id, [self.x, self.y, columns, height]));
        self.x += columns;
        self.height = self.height.max(height);
        self
    }

    fn end_row(&mut self) {
        self.y += self.height;
        (self.x, self.height) = (0, 0);
    }

    pub(crate) fn done(self) -> Vec<Value> {
        self.panels
    }
}
