//! What all dashboards have: variables, links, annotations.

use serde_json::{Value, json};

/// A dashboard's own.
pub(crate) struct Frame<'a> {
    pub(crate) uid: &'a str,
    pub(crate) title: &'a str,
    pub(crate) description: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) variables: Vec<Value>,
    pub(crate) annotations: Vec<Value>,
    pub(crate) panels: Vec<Value>,
}

impl Frame<'_> {
    pub(crate) fn json(self) -> Value {
        let mut variables = vec![json!({
            "name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source", "current": {}, "hide": 0,
        })];
        variables.extend(self.variables);
        let link = |uid: &str, title: &str| json!({"type": "link", "title": title, "url": format!("/d/{uid}"), "keepTime": true, "includeVars": false, "icon": "dashboard"});
        json!({
            "id": null,
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": ["memtrend"],
            "schemaVersion": 39,
            "version": 1,
            "editable": false,
            "graphTooltip": 1,
            "timezone": "browser",
            "refresh": "1m",
            "time": {"from": self.from, "to": self.to},
            "templating": {"list": variables},
            "annotations": {"list": self.annotations},
            "links": [
                link("memtrend-fleet", "Fleet"),
                link("memtrend-application", "One application"),
                link("memtrend-exporter", "memtrend itself"),
            ],
            "panels": self.panels,
        })
    }
}

/// A variable of a label's values; `several` may be chosen at once, and all.
pub(crate) fn variable(name: &str, title: &str, query: &str, several: bool) -> Value {
    let mut variable = json!({
        "name": name,
        "type": "query",
        "label": title,
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": several,
        "includeAll": several,
        "current": {},
    });
    if let (Value::Object(variable), true) = (&mut variable, several) {
        variable.insert("allValue".to_owned(), json!(".*"));
        variable.insert("current".to_owned(), json!({"text": "All", "value": "$__all"}));
    }
    variable
}

/// Events on the time axis: wherever the expression has a value above zero.
pub(crate) fn annotation(name: &str, colour: &str, expression: &str, text: &str) -> Value {
    json!({
        "name": name,
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "enable": true,
        "hide": false,
        "iconColor": colour,
        "expr": expression,
        "step": "1m",
        "titleFormat": name,
        "textFormat": text,
        "useValueForTime": false,
    })
}
