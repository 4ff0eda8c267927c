//! What a Prometheus warns of beside its answers, such as that one is partial.

/// Most warnings that are told.
const MOST: usize = 10;

/// Longest warning, in characters; what is longer is cut.
const LONGEST: usize = 200;

/// Those that have been told.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    told: Vec<String>,
}

impl Warnings {
    /// Shows `warn` each that has not been told, cut short, while there is room.
    pub(super) fn tell(&mut self, warnings: &[String], mut warn: impl FnMut(&str)) {
        for warning in warnings {
            let short: String = warning.chars().take(LONGEST).collect();
            if self.told.len() < MOST && !self.told.contains(&short) {
                warn(&short);
                self.told.push(short);
            }
        }
    }
}
