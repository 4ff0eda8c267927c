//! What repeated measurements say: their median, and how far they lie apart.

/// Median, least and greatest of some measurements. On a machine that others use too, the median says how fast it is
/// and the least how fast it can be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) greatest: f64,
}

impl Spread {
    /// Panics when there is no measurement.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median =
            if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) };
        Self { median, least: values[0], greatest: values[values.len() - 1] }
    }
}

/// Three significant digits, whole numbers in full.
pub(crate) fn written(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 || size == 0.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    let (sign, plain) = text.strip_prefix('-').map_or(("", text.as_str()), |plain| ("-", plain));
    let (whole, fraction) = plain.find('.').map_or((plain, ""), |point| plain.split_at(point));
    let first = whole.len() % 3;
    let groups: Vec<&str> = [whole.get(..first).filter(|group| !group.is_empty())]
        .into_iter()
        .flatten()
        .chain((first..whole.len()).step_by(3).map(|at| &whole[at..at + 3]))
        .collect();
    format!("{sign}{}{fraction}", groups.join(","))
}
