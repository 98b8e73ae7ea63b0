//! Lists of things by number, all in one piece of memory.

use std::ops::Range;

/// For each number from 0 a list, which may be empty.
#[derive(Clone, Debug)]
pub(super) struct Table<T> {
    /// Where each list begins; one more at the end.
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T: Copy> Table<T> {
    /// Of things with their numbers below `count`; within a list the order stays.
    pub(super) fn new(count: usize, mut numbered: Vec<(u32, T)>) -> Self {
        numbered.sort_by_key(|(number, _)| *number);
        let mut starts = vec![0_u32; count + 1];
        for (number, _) in &numbered {
            starts[*number as usize + 1] += 1;
        }
        for at in 0..count {
            starts[at + 1] += starts[at];
        }
        Self { starts, items: numbered.into_iter().map(|(_, item)| item).collect() }
    }

    /// Whether there is a list of this number.
    pub(super) fn holds(&self, number: u32) -> bool {
        (number as usize) < self.starts.len() - 1
    }

    pub(super) fn of(&self, number: u32) -> &[T] {
        &self.items[self.range(number)]
    }

    pub(super) fn of_mut(&mut self, number: u32) -> &mut [T] {
        let range = self.range(number);
        &mut self.items[range]
    }

    fn range(&self, number: u32) -> Range<usize> {
        self.starts[number as usize] as usize..self.starts[number as usize + 1] as usize
    }
}
