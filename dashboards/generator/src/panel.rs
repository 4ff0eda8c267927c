//! One panel.

use super::metric::{metric, unit};
use serde_json::{Map, Value, json};

/// What a panel is drawn as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    TimeSeries,
    Stat,
    BarGauge,
    Table,
    Text,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::TimeSeries => "timeseries",
            Self::Stat => "stat",
            Self::BarGauge => "bargauge",
            Self::Table => "table",
            Self::Text => "text",
        }
    }
}

/// A panel in the making; its place is given by the layout.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    kind: Kind,
    title: String,
    description: String,
    targets: Vec<Value>,
    defaults: Map<String, Value>,
    custom: Map<String, Value>,
    overrides: Vec<Value>,
    options: Map<String, Value>,
    transformations: Vec<Value>,
}

impl Panel {
    /// Of a kind, with the unit and the help of a metric.
    pub(crate) fn of(kind: Kind, title: &str, name: &str) -> Self {
        Self::new(kind, title, metric(name).help).unit(unit(name))
    }

    /// Of a kind.
    pub(crate) fn new(kind: Kind, title: &str, description: &str) -> Self {
        let mut panel = Self {
            kind,
            title: title.to_owned(),
            description: description.to_owned(),
            targets: Vec::new(),
            defaults: Map::new(),
            custom: Map::new(),
            overrides: Vec::new(),
            options: Map::new(),
            transformations: Vec::new(),
        };
        let reduced = json!({"calcs": ["lastNotNull"], "fields": "", "values": false});
        let options = match kind {
            Kind::TimeSeries => json!({
                "legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"], "showLegend": true},
                "tooltip": {"mode": "multi", "sort": "desc"},
            }),
            Kind::Stat => json!({
                "reduceOptions": reduced, "graphMode": "none", "colorMode": "value", "textMode": "value",
                "justifyMode": "center", "orientation": "auto",
            }),
            Kind::BarGauge => json!({
                "reduceOptions": reduced, "displayMode": "basic", "orientation": "horizontal", "showUnfilled": true,
                "valueMode": "text",
            }),
            Kind::Table => json!({"cellHeight": "sm", "showHeader": true, "footer": {"show": false}}),
            Kind::Text => json!({"mode": "markdown", "content": ""}),
        };
        if let Value::Object(options) = options {
            panel.options = options;
        }
        if kind != Kind::Text {
            panel = panel.unit("short").colour_by_threshold(&[(None, super::colour::WELL)]);
        }
        if kind == Kind::TimeSeries {
            panel = panel.default("color", json!({"mode": "palette-classic"}));
            for (name, value) in [
                ("drawStyle", json!("line")),
                ("lineWidth", json!(2)),
                ("fillOpacity", json!(0)),
                ("showPoints", json!("never")),
                ("spanNulls", json!(false)),
            ] {
                panel = panel.custom(name, value);
            }
        }
        panel
    }

    pub(crate) fn unit(self, unit: &str) -> Self {
        self.default("unit", json!(unit))
    }

    pub(crate) fn default(mut self, name: &str, value: Value) -> Self {
        self.defaults.insert(name.to_owned(), value);
        self
    }

    pub(crate) fn custom(mut self, name: &str, value: Value) -> Self {
        self.custom.insert(name.to_owned(), value);
        self
    }

    pub(crate) fn option(mut self, name: &str, value: Value) -> Self {
        self.options.insert(name.to_owned(), value);
        self
    }

    /// A query over the time shown.
    pub(crate) fn range(self, expression: &str, legend: &str) -> Self {
        self.target(expression, json!({"legendFormat": legend, "range": true, "instant": false}))
    }

    /// A query at the end of the time shown.
    pub(crate) fn instant(self, expression: &str, legend: &str) -> Self {
        self.target(expression, json!({"legendFormat": legend, "range": false, "instant": true}))
    }

    /// A query at the end of the time shown, as rows.
    pub(crate) fn rows(self, expression: &str) -> Self {
        self.target(expression, json!({"format": "table", "range": false, "instant": true}))
    }

    fn target(mut self, expression: &str, more: Value) -> Self {
        let letter = u8::try_from(self.targets.len()).map_or('Z', |place| char::from(b'A' + place));
        let mut target = json!({
            "refId": letter.to_string(),
            "datasource": {"type": "prometheus", "uid": "${datasource}"},
            "editorMode": "code",
            "expr": expression,
        });
        if let (Value::Object(target), Value::Object(more)) = (&mut target, more) {
            target.extend(more);
        }
        self.targets.push(target);
        self
    }

    /// Colours by value: each from its lowest value on.
    pub(crate) fn colour_by_threshold(self, steps: &[(Option<f64>, &str)]) -> Self {
        let steps: Vec<Value> = steps.iter().map(|(from, colour)| json!({"value": from, "color": colour})).collect();
        self.default("thresholds", json!({"mode": "absolute", "steps": steps}))
            .default("color", json!({"mode": "thresholds"}))
    }

    /// What is written where an expression made by [`or_nothing`] has no value.
    pub(crate) fn without_a_value(self, text: &str) -> Self {
        let result = json!({"text": text, "color": super::colour::UNKNOWN});
        self.default("mappings", json!([{"type": "special", "options": {"match": "null+nan", "result": result}}]))
    }

    /// Properties of the series or the column of a name.
    pub(crate) fn by_name(mut self, name: &str, properties: &[(&str, Value)]) -> Self {
        self.overrides.push(json!({
            "matcher": {"id": "byName", "options": name},
            "properties": properties.iter().map(|(id, value)| json!({"id": id, "value": value})).collect::<Vec<_>>(),
        }));
        self
    }

    /// The same for all names that fit a regular expression.
    pub(crate) fn by_regex(mut self, names: &str, properties: &[(&str, Value)]) -> Self {
        self.overrides.push(json!({
            "matcher": {"id": "byRegexp", "options": names},
            "properties": properties.iter().map(|(id, value)| json!({"id": id, "value": value})).collect::<Vec<_>>(),
        }));
        self
    }

    /// A dashed line of a colour.
    pub(crate) fn dashed(self, names: &str, colour: &str) -> Self {
        let style = json!({"fill": "dash", "dash": [10, 10]});
        let colour = json!({"mode": "fixed", "fixedColor": colour});
        self.by_regex(names, &[("custom.lineStyle", style), ("color", colour), ("custom.lineWidth", json!(2))])
    }

    /// A line of a colour.
    pub(crate) fn coloured(self, name: &str, colour: &str) -> Self {
        self.by_name(name, &[("color", json!({"mode": "fixed", "fixedColor": colour}))])
    }

    pub(crate) fn transformed(mut self, id: &str, options: Value) -> Self {
        self.transformations.push(json!({"id": id, "options": options}));
        self
    }

    /// As Grafana reads it.
    pub(crate) fn json(self, id: usize, [x, y, w, h]: [usize; 4]) -> Value {
        let mut defaults = self.defaults;
        if !self.custom.is_empty() {
            defaults.insert("custom".to_owned(), Value::Object(self.custom));
        }
        let mut panel = json!({
            "id": id,
            "type": self.kind.name(),
            "title": self.title,
            "description": self.description,
            "gridPos": {"x": x, "y": y, "w": w, "h": h},
            "options": self.options,
        });
        if let (Value::Object(panel), true) = (&mut panel, self.kind != Kind::Text) {
            panel.insert("datasource".to_owned(), json!({"type": "prometheus", "uid": "${datasource}"}));
            panel.insert("targets".to_owned(), Value::Array(self.targets));
            panel.insert("fieldConfig".to_owned(), json!({"defaults": defaults, "overrides": self.overrides}));
            panel.insert("transformations".to_owned(), Value::Array(self.transformations));
        }
        panel
    }
}

/// One number, which is none where the expression has no value: so that a panel says so in words.
pub(crate) fn or_nothing(expression: &str) -> String {
    format!("{expression} or vector(NaN)")
}

/// Words and colours for values.
pub(crate) fn mappings(words: &[(u8, &str, &str)]) -> Value {
    let options: Map<String, Value> = words
        .iter()
        .map(|(value, text, colour)| (value.to_string(), json!({"text": text, "color": colour, "index": value})))
        .collect();
    json!([{"type": "value", "options": options}])
}
