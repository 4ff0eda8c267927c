//! Least squares with a constant and up to two regressors, small enough to be solved by elimination.

/// A fit of y on a constant and regressors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit<const N: usize> {
    /// Coefficients; the constant is first.
    pub(super) coefficients: [f64; N],
    /// Standard error of each coefficient.
    pub(super) errors: [f64; N],
}

/// Ordinary least squares of `y` on `rows` (each row holds 1 for the constant and the regressors).
/// `None` when there are no more rows than regressors or these are collinear.
pub(super) fn least_squares<const N: usize>(rows: &[[f64; N]], y: &[f64]) -> Option<Fit<N>> {
    if rows.len() <= N || rows.len() != y.len() {
        return None;
    }
    let mut normal = [[0.0; N]; N];
    let mut right = [0.0; N];
    for (row, value) in rows.iter().zip(y) {
        for (line, (a, total)) in normal.iter_mut().zip(row.iter().zip(&mut right)) {
            *total += a * value;
            line.iter_mut().zip(row).for_each(|(cell, b)| *cell += a * b);
        }
    }
    let inverse = invert(normal)?;
    let mut coefficients = [0.0; N];
    for (coefficient, line) in coefficients.iter_mut().zip(&inverse) {
        *coefficient = line.iter().zip(&right).map(|(a, b)| a * b).sum();
    }
    let residual: f64 = rows
        .iter()
        .zip(y)
        .map(|(row, value)| value - row.iter().zip(&coefficients).map(|(a, b)| a * b).sum::<f64>())
        .map(|difference| difference * difference)
        .sum();
    let freedom = f64::from(u32::try_from(rows.len() - N).ok()?);
    let mut errors = [0.0; N];
    for (place, error) in errors.iter_mut().enumerate() {
        *error = (inverse.get(place)?.get(place)? * residual / freedom).max(0.0).sqrt();
    }
    Some(Fit { coefficients, errors })
}

/// Gauss-Jordan with partial pivoting; `None` when the matrix is singular to a part in 10^10.
fn invert<const N: usize>(mut a: [[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut inverse = [[0.0; N]; N];
    for (place, line) in inverse.iter_mut().enumerate() {
        *line.get_mut(place)? = 1.0;
    }
    let scale = a.iter().flatten().fold(0.0_f64, |most, cell| most.max(cell.abs()));
    for column in 0..N {
        let pivot = (column..N).max_by(|x, y| {
            let size = |line: &usize| a.get(*line).and_then(|line| line.get(column)).map_or(0.0, |cell| cell.abs());
            size(x).total_cmp(&size(y))
        })?;
        a.swap(column, pivot);
        inverse.swap(column, pivot);
        let head = *a.get(column)?.get(column)?;
        if head.is_nan() || head.abs() <= scale * 1e-10 {
            return None;
        }
        a.get_mut(column)?.iter_mut().for_each(|cell| *cell /= head);
        inverse.get_mut(column)?.iter_mut().for_each(|cell| *cell /= head);
        let (line, inverse_line) = (*a.get(column)?, *inverse.get(column)?);
        for other in (0..N).filter(|other| *other != column) {
            let factor = *a.get(other)?.get(column)?;
            a.get_mut(other)?.iter_mut().zip(&line).for_each(|(cell, by)| *cell -= factor * by);
            inverse.get_mut(other)?.iter_mut().zip(&inverse_line).for_each(|(cell, by)| *cell -= factor * by);
        }
    }
    Some(inverse)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_plane_is_found_exactly_and_collinear_regressors_are_refused() {
        let rows: Vec<[f64; 3]> = (0..12).map(|i| [1.0, f64::from(i), f64::from(i * i % 7)]).collect();
        let y: Vec<f64> = rows.iter().map(|row| 4.0 + 2.0 * row[1] - 3.0 * row[2]).collect();
        let fit = least_squares(&rows, &y).unwrap();
        for (found, truth) in fit.coefficients.iter().zip([4.0, 2.0, -3.0]) {
            assert!((found - truth).abs() < 1e-9, "{fit:?}");
        }
        assert!(fit.errors.iter().all(|error| *error < 1e-6));
        let same: Vec<[f64; 3]> = (0..12).map(|i| [1.0, f64::from(i), f64::from(2 * i)]).collect();
        assert!(least_squares(&same, &y).is_none());
        assert!(least_squares(&rows[..3], &y[..3]).is_none());
    }

    /// Worked by hand: x = 1..4, y = 1, 3, 2, 4: slope 0.8, residual sum 1.8, standard error sqrt(0.9 / 5).
    #[test]
    fn the_standard_error_is_that_of_the_textbook() {
        let rows: Vec<[f64; 2]> = (1..=4).map(|x| [1.0, f64::from(x)]).collect();
        let fit = least_squares(&rows, &[1.0, 3.0, 2.0, 4.0]).unwrap();
        assert!((fit.coefficients[1] - 0.8).abs() < 1e-12);
        assert!((fit.errors[1] - (0.9_f64 / 5.0).sqrt()).abs() < 1e-12, "{fit:?}");
    }
}
