//! Sets of events of one segment.

use tantivy::DocId;

/// A set, one bit an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Docs {
    words: Vec<u64>,
    size: u32,
}

impl Docs {
    /// None of `size` events.
    pub(crate) fn none(size: u32) -> Self {
        Self { words: vec![0; size.div_ceil(64) as usize], size }
    }

    /// All of `size` events.
    pub(crate) fn all(size: u32) -> Self {
        let mut all = Self { words: vec![u64::MAX; size.div_ceil(64) as usize], size };
        all.trim();
        all
    }

    /// No bit stands behind the last event.
    fn trim(&mut self) {
        let behind = self.size % 64;
        if behind > 0
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << behind) - 1;
        }
    }

    pub(crate) fn insert(&mut self, doc: DocId) {
        if let Some(word) = self.words.get_mut(doc as usize / 64) {
            *word |= 1 << (doc % 64);
        }
    }

    pub(crate) fn holds(&self, doc: DocId) -> bool {
        self.words.get(doc as usize / 64).is_some_and(|word| word >> (doc % 64) & 1 == 1)
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(DocId) -> bool) {
        for (place, word) in self.words.iter_mut().enumerate() {
            let mut left = *word;
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                if !keep(place as u32 * 64 + bit) {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    /// Keeps what both hold.
    pub(crate) fn and(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(mine, other)| *mine &= other);
    }

    /// Adds what the other holds.
    pub(crate) fn or(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(mine, other)| *mine |= other);
    }

    /// Those that it does not hold.
    pub(crate) fn not(mut self) -> Self {
        self.words.iter_mut().for_each(|word| *word = !*word);
        self.trim();
        self
    }

    pub(crate) fn len(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// The events, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = DocId> + '_ {
        self.words.iter().enumerate().flat_map(|(place, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(place as u32 * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_sets() {
        for size in [0, 1, 63, 64, 65, 130] {
            assert_eq!(Docs::all(size).len(), u64::from(size));
            assert_eq!(Docs::all(size).not(), Docs::none(size));
            let mut even = Docs::all(size);
            even.retain(|doc| doc % 2 == 0);
            let mut three = Docs::none(size);
            (0..size).filter(|doc| doc % 3 == 0).for_each(|doc| three.insert(doc));
            let (mut both, mut any) = (even.clone(), even.clone());
            both.and(&three);
            any.or(&three);
            let expected = |wanted: &dyn Fn(u32) -> bool| (0..size).filter(|d| wanted(*d)).collect::<Vec<_>>();
            assert_eq!(both.iter().collect::<Vec<_>>(), expected(&|d| d % 6 == 0));
            assert_eq!(any.iter().collect::<Vec<_>>(), expected(&|d| d % 2 == 0 || d % 3 == 0));
        }
    }
}
