//! A run as a small chart of characters.

use super::picture::Picture;
use crate::analysis::gate::report::{GateReport, Unit};
use crate::output::chart::{Scale, time_step};
use crate::units::{count_as_f64, length_as_count, whole};

/// Columns of all of it.
const WIDTH: usize = 64;

/// The most lines of the curve; three more are of the axis.
const MOST_ROWS: usize = 9;

/// The most amounts on the axis, but for that at its foot.
const MOST_AMOUNTS: usize = 4;

/// Steps of a line: blocks are so finely told apart.
const STEPS: usize = 8;

/// Most times on the axis.
const MOST_TIMES: f64 = 6.0;

/// What it is drawn with.
#[derive(Debug)]
struct Signs {
    /// Blocks by their height, the whole one last.
    blocks: [char; STEPS],
    /// Above the lowest, up to the highest.
    above: char,
    bound: char,
    edge: char,
    tick: char,
    corner: char,
    axis: char,
    judged: char,
}

const BLOCKS: Signs = Signs {
    blocks: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
    above: '░',
    bound: '╌',
    edge: '│',
    tick: '┤',
    corner: '└',
    axis: '─',
    judged: '━',
};

const ASCII: Signs = Signs {
    blocks: ['.', '.', ':', ':', ':', '#', '#', '#'],
    above: '\'',
    bound: '-',
    edge: '|',
    tick: '+',
    corner: '+',
    axis: '-',
    judged: '=',
};

/// The chart, at most 12 lines of 64 columns: memory in blocks, its floor full and what is above it faint; the bound of memory where
/// it fits; times, and work where it is counted. The window that was judged is the thick part of the axis. Empty where no memory was
/// seen.
pub(super) fn draw(report: &GateReport, is_ascii: bool) -> Vec<String> {
    let Some(picture) = Picture::of(report) else { return Vec::new() };
    let signs = if is_ascii { &ASCII } else { &BLOCKS };
    let (scale, amounts) = round(picture.scale, picture.top);
    let (each, rows) = (MOST_ROWS / amounts, MOST_ROWS / amounts * amounts);
    let steps = |bytes: f64| {
        let steps = scale.share(bytes) * count_as_f64(length_as_count(rows * STEPS));
        usize::try_from(whole(steps.round())).unwrap_or(0)
    };
    let bound = picture.bound.map(steps);
    // By the line whose upper edge they stand at, counted from below; the axis is none.
    let ticks: Vec<(usize, String)> = scale
        .ticks()
        .filter_map(|(value, name)| (steps(value) % (each * STEPS) == 0).then(|| (steps(value) / STEPS, name)))
        .collect();
    let unit = (report.unit != Unit::Hour).then(|| format!("{}s", report.unit.name()));
    let names = ticks.iter().map(|(_, name)| name).chain(&unit);
    let gutter = names.map(|name| name.len()).max().unwrap_or(0);
    let width = WIDTH.saturating_sub(gutter + 2).max(1);
    let columns: Vec<(usize, usize)> =
        picture.columns(width).map(|(lowest, highest)| (steps(lowest), steps(highest))).collect();
    let begin = |line: usize, edge: char, tick: char| {
        let name = ticks.iter().find(|(at, _)| *at == line).map(|(_, name)| name.as_str());
        format!("{:>gutter$} {}", name.unwrap_or_default(), if name.is_some() { tick } else { edge })
    };
    let mut lines = Vec::with_capacity(rows + 3);
    for row in (0..rows).rev() {
        let below = row * STEPS;
        let cell = |&(lowest, highest): &(usize, usize)| match lowest.saturating_sub(below).min(STEPS).checked_sub(1) {
            Some(block) => signs.blocks.get(block).copied().unwrap_or(' '),
            None if highest > below + STEPS / 2 => signs.above,
            None if bound.is_some_and(|bound| (below + 1..=below + STEPS).contains(&bound)) => signs.bound,
            None => ' ',
        };
        let line = begin(row + 1, signs.edge, signs.tick) + &columns.iter().map(cell).collect::<String>();
        lines.push(line.trim_end().to_owned());
    }
    lines.push(begin(0, signs.corner, signs.corner) + &axis(&picture, signs, width));
    lines.extend(times(&picture, unit.as_deref(), gutter, width));
    lines
}

/// A scale up to a round amount, with that many amounts on it: each stands at the edge of a line.
fn round(scale: Scale, top: f64) -> (Scale, usize) {
    let (mut step, most) = (1.0, count_as_f64(length_as_count(MOST_AMOUNTS)));
    let amounts = |step: f64| ((top - scale.low) / step).ceil();
    while amounts(step) > most && step < 1e300 {
        step *= 2.0;
    }
    let amounts = amounts(step).max(1.0);
    let count = usize::try_from(whole(amounts)).unwrap_or(1).min(MOST_AMOUNTS);
    (Scale { high: scale.low + step * amounts, ..scale }, count)
}

/// The axis of time with the window.
fn axis(picture: &Picture, signs: &Signs, width: usize) -> String {
    let of_span = |column: usize| count_as_f64(length_as_count(column)) / count_as_f64(length_as_count(width));
    let is_judged = |column: usize| {
        let middle = picture.span * (of_span(column) + of_span(column + 1)) / 2.0;
        picture.judged.is_some_and(|(from, to)| from <= middle && middle <= to)
    };
    (0..width).map(|column| if is_judged(column) { signs.judged } else { signs.axis }).collect()
}

/// Times below the axis, and the work that was done by them.
fn times(picture: &Picture, unit: Option<&str>, gutter: usize, width: usize) -> Vec<String> {
    let (step, size, name) = time_step(picture.span, MOST_TIMES);
    let ticks = || (0..=8_u32).map(|tick| f64::from(tick) * step).take_while(|seconds| *seconds <= picture.span);
    let line = |title: &str, text: &dyn Fn(f64) -> String| {
        let mut line = format!("{title:>gutter$}  ");
        for seconds in ticks() {
            let column = count_as_f64(length_as_count(width)) * seconds / picture.span;
            let text = text(seconds);
            let place = (gutter + 2).saturating_add(usize::try_from(whole(column)).unwrap_or(usize::MAX));
            let place = place.min(WIDTH.saturating_sub(text.len()));
            // One that would touch the one before is left out.
            if line.len() <= place {
                line = format!("{line:<place$}{text} ");
            }
        }
        line.trim_end().to_owned()
    };
    let times = line("", &|seconds| format!("{} {name}", seconds / size));
    let work = unit.map(|unit| line(unit, &|seconds| format!("{:.0}", picture.work_at(seconds))));
    std::iter::once(times).chain(work).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::analysis::gate::series::Point;
    use crate::units::Bytes;

    fn fits(lines: &[String]) {
        assert!(lines.len() <= 12 && lines.iter().all(|line| line.chars().count() <= WIDTH), "{}", lines.join("\n"));
    }

    #[test]
    fn a_leak_climbs_in_the_window_that_was_judged() {
        let lines = draw(&fixture::leak(), false);
        fits(&lines);
        assert_eq!(
            format!("\n{}\n", lines.join("\n")),
            r#"
  96 MiB ┤
         │                                              ▁▁▃▄▄▅▆▇
         │                                     ▂▂▄▄▅▆▇▇█████████
  64 MiB ┤                          ▁▁▂▃▄▄▆▆▇███████████████████
         │                 ▁▁▃▃▄▅▆▇▇████████████████████████████
         │        ▂▂▃▄▅▆▇▇██████████████████████████████████████
  32 MiB ┤▂▄▄▅▆▇████████████████████████████████████████████████
         │██████████████████████████████████████████████████████
         │██████████████████████████████████████████████████████
       0 └───────────────────────────━━━━━━━━━━━━━━━━━━━━━━━━━━━
          0 s          10 s         20 s         30 s       40 s
requests  0            5000         10000        15000     20000
"#
        );
    }

    #[test]
    fn letters_of_ascii_do_as_well() {
        let mut report = fixture::no_leak();
        report.most_memory = Some(Bytes(48 << 20));
        let lines = draw(&report, true);
        fits(&lines);
        assert!(lines.iter().all(|line| line.is_ascii()));
        assert_eq!(
            format!("\n{}\n", lines.join("\n")),
            r#"
  48 MiB +------------------------------------------------------
         |
         |       .::############################################
  32 MiB +  ..:#################################################
         |:#####################################################
         |######################################################
  16 MiB +######################################################
         |######################################################
         |######################################################
       0 +---------------------------===========================
          0 s              10 s             20 s            30 s
requests  0                5000             10000          15000
"#
        );
    }

    #[test]
    fn any_run_fits() {
        for report in fixture::all() {
            fits(&draw(&report, false));
        }
        let mut report = fixture::leak();
        report.curve.truncate(1);
        fits(&draw(&report, false));
        report.curve.clear();
        assert!(draw(&report, false).is_empty());
        for [seconds, work, bytes] in
            [[1e4, 1e9, 1e5], [1e-4, 1e-3, 1e-7], [1.0, 1.0, 1.2], [1.0, 1.0, 0.7], [1.0, 1.0, 0.5]]
        {
            let mut report = fixture::leak();
            for point in &mut report.curve {
                *point =
                    Point { seconds: point.seconds * seconds, work: point.work * work, bytes: point.bytes * bytes };
            }
            (report.unit, report.parts) = (Unit::Iteration, Vec::new());
            fits(&draw(&report, false));
        }
        for bytes in (1..100).map(f64::from) {
            let mut report = fixture::leak();
            report
                .curve
                .iter_mut()
                .enumerate()
                .for_each(|(place, point)| point.bytes = if place % 2 == 0 { 1.0 } else { bytes });
            report.parts.clear();
            fits(&draw(&report, false));
        }
    }
}
