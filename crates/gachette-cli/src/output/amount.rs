//! Amounts as people write them.

/// A size in bytes, in units of 1024 with one decimal.
pub(crate) fn bytes(size: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut amount = size as f64;
    let mut unit = 0;
    while amount >= 1023.95 && unit + 1 < units.len() {
        amount /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{size} B") } else { format!("{amount:.1} {}", units[unit]) }
}

/// A time span in milliseconds, in the unit that needs the fewest digits.
pub(crate) fn milliseconds(span: u64) -> String {
    match span {
        0..=999 => format!("{span} ms"),
        1000..=59_999 => format!("{:.1} s", span as f64 / 1000.0),
        _ => format!("{} min {:02} s", span / 60_000, span % 60_000 / 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_well() {
        let sizes = [0, 1023, 1024, 1536, 1_048_575, 1 << 30].map(bytes);
        assert_eq!(sizes, ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "1.0 MiB", "1.0 GiB"]);
        assert_eq!([7, 1500, 61_000].map(milliseconds), ["7 ms", "1.5 s", "1 min 01 s"]);
    }
}
