//! A search for many texts at once.
//!
//! The set of secrets changes with each answer, so that an automaton would be compiled again for
//! each one. This index grows by insertion instead: four bytes select the places at which a form
//! may begin, and the forms are sorted. The work per text is limited, and a text that exceeds the
//! limit is masked to its end: no input costs more than linear time.

use std::ops::Range;

/// Bytes of a form by which the form is found.
pub(super) const HEAD: usize = 4;
/// Bytes that are compared per byte of a text at most, on the average.
const WORK_PER_BYTE: usize = 64;
/// Bytes that are compared in any text, however short.
const LEAST_WORK: usize = 64 << 10;

#[derive(Clone, Copy, Debug)]
struct SearchText {
    /// The first bytes as numbers that order as they do: most comparisons end there.
    key: HeadKey,
    /// The place of the text among all texts.
    start: usize,
    length: u32,
    /// The length of a longer text of which this one is the beginning.
    whole: u32,
    /// Only as a word of its own: not within a longer run of letters and digits.
    is_word: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct TextIndex {
    heads: Heads,
    /// All texts, one behind the other.
    texts: Vec<u8>,
    /// Sorted by their texts, but for those that were added last.
    forms: Vec<SearchText>,
    sorted: usize,
    /// Forms that are shorter than a head.
    short: Vec<(Box<[u8]>, bool)>,
}

impl TextIndex {
    pub(super) fn is_empty(&self) -> bool {
        self.forms.is_empty() && self.short.is_empty()
    }

    pub(super) fn add(&mut self, text: &[u8], is_word: bool) {
        self.add_beginning(text, text.len(), is_word);
    }

    /// Adds a text of which only the beginning is compared; what follows counts as far as it has
    /// the characters of base64.
    pub(super) fn add_beginning(&mut self, text: &[u8], whole: usize, is_word: bool) {
        let Some(head) = text.first_chunk() else {
            if !text.is_empty() {
                self.short.push((text.into(), is_word));
            }
            return;
        };
        self.heads.add(*head);
        let start = self.texts.len();
        self.texts.extend_from_slice(text);
        let [length, whole] = [text.len(), whole].map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        self.forms.push(SearchText { key: key(text), start, length, whole, is_word });
    }

    /// Sorts what was added: to be called before the next search.
    pub(super) fn sort(&mut self) {
        if self.sorted == self.forms.len() {
            return;
        }
        let Self { texts, forms, sorted, .. } = self;
        let text = |form: &SearchText| texts.get(form.range()).unwrap_or_default();
        let order = |one: &SearchText, other: &SearchText| {
            one.key.cmp(&other.key).then_with(|| text(one).cmp(text(other)))
        };
        forms.get_mut(*sorted..).unwrap_or_default().sort_unstable_by(order);
        if *sorted > 0 {
            // Two sorted runs are merged in linear time.
            forms.sort_by(order);
        }
        // Of a text that was added twice one stays, as a word only if both were.
        forms.dedup_by(|other, one| {
            let is_same = one.key == other.key && text(one) == text(other);
            one.is_word &= other.is_word || !is_same;
            one.whole = one.whole.max(if is_same { other.whole } else { 0 });
            is_same
        });
        *sorted = forms.len();
    }

    fn text(&self, form: &SearchText) -> &[u8] {
        self.texts.get(form.range()).unwrap_or_default()
    }

    /// The number of forms that are ordered before a text, or are equal.
    fn before(&self, forms: &[SearchText], key: HeadKey, text: &[u8]) -> usize {
        forms.partition_point(|form| {
            form.key.cmp(&key).then_with(|| self.text(form).cmp(text)).is_le()
        })
    }

    /// The forms with the head that the text begins with.
    fn with_head_of(&self, text: &[u8]) -> &[SearchText] {
        let head = |key: HeadKey| key.0 >> (u64::BITS - 8 * HEAD as u32);
        let wanted = head(key(text));
        let from = self.forms.partition_point(|form| head(form.key) < wanted);
        let behind = self.forms.get(from..).unwrap_or_default();
        let count = behind.partition_point(|form| head(form.key) == wanted);
        behind.get(..count).unwrap_or_default()
    }

    /// The places of all forms, the longest at each place. Where the text is `cut`, a form that
    /// begins before the cut and would end behind it counts, too.
    pub(super) fn find(&self, text: &[u8], cut: bool, found: &mut Vec<Range<usize>>) {
        self.find_short(text, found);
        if self.forms.is_empty() {
            return;
        }
        let mut work = text.len() * WORK_PER_BYTE + LEAST_WORK;
        for (at, head) in text.windows(HEAD).enumerate() {
            let Some(head) = head.first_chunk() else { continue };
            if !self.heads.has(*head) {
                continue;
            }
            let Some(rest) = text.get(at..) else { continue };
            let forms = self.with_head_of(rest);
            if forms.is_empty() {
                continue;
            }
            if cut && self.is_beginning(forms, rest) {
                found.push(at..text.len());
                return;
            }
            match self.longest(forms, text, at, &mut work) {
                Ok(Some(end)) => found.push(at..end),
                Ok(None) => {}
                Err(OverBudget) => {
                    found.push(at..text.len());
                    return;
                }
            }
        }
    }

    fn find_short(&self, text: &[u8], found: &mut Vec<Range<usize>>) {
        for (short, is_of_words) in &self.short {
            let places = text.windows(short.len()).enumerate();
            let places = places.filter(|(_, here)| **here == **short).map(|(at, _)| at);
            let ranges = places.map(|at| at..at + short.len());
            found.extend(ranges.filter(|range| !is_of_words || is_word(text, range)));
        }
    }

    /// The end of the longest form that begins there.
    fn longest(
        &self,
        forms: &[SearchText],
        text: &[u8],
        at: usize,
        work: &mut usize,
    ) -> Result<Option<usize>, OverBudget> {
        let mut rest = text.get(at..).unwrap_or_default();
        loop {
            let after = self.before(forms, key(rest), rest);
            let Some(form) = after.checked_sub(1).and_then(|before| forms.get(before)) else {
                return Ok(None);
            };
            let length = form.length as usize;
            let common = common(self.text(form), rest);
            let steps = usize::BITS - forms.len().leading_zeros();
            let cost = common + length.min(64) * steps as usize;
            *work = work.checked_sub(cost).ok_or(OverBudget)?;
            let is_whole = common == length;
            if is_whole && (!form.is_word || is_word(text, &(at..at + common))) {
                let rest = text.get(at + common..).unwrap_or_default();
                let more = (form.whole - form.length) as usize;
                let more = rest.iter().take(more).take_while(|byte| is_letter(**byte)).count();
                return Ok(Some(at + common + more));
            }
            // A shorter form is a part of what the two have in common.
            let shorter = common - usize::from(is_whole);
            rest = rest.get(..shorter).unwrap_or_default();
        }
    }

    /// True if a form begins with this text and goes on behind it.
    fn is_beginning(&self, forms: &[SearchText], text: &[u8]) -> bool {
        let at = self.before(forms, key(text), text);
        forms.get(at).is_some_and(|form| self.text(form).starts_with(text))
    }
}

impl SearchText {
    fn range(&self) -> Range<usize> {
        self.start..self.start + self.length as usize
    }
}

type HeadKey = (u64, u64);

/// The first bytes of a text as numbers; bytes that are not there count as 0.
fn key(text: &[u8]) -> HeadKey {
    let mut bytes = [0; size_of::<u128>()];
    bytes.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
    let all = u128::from_be_bytes(bytes);
    ((all >> u64::BITS) as u64, all as u64)
}

/// True if a byte is of base64, base64url or hex.
fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// The work for a text is used up.
struct OverBudget;

/// The number of bytes that two texts have in common at their beginnings.
fn common(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

/// True if no letter or digit stands beside the range.
fn is_word(text: &[u8], range: &Range<usize>) -> bool {
    let before = range.start.checked_sub(1).and_then(|at| text.get(at));
    let after = text.get(range.end);
    ![before, after].into_iter().flatten().any(u8::is_ascii_alphanumeric)
}

/// The four bytes that forms begin with, as a set of hashes. Each byte of each transcript is
/// looked at, and hardly any begins a form.
#[derive(Clone, Default)]
pub(super) struct Heads(Option<Box<[u64; WORDS]>>);

const WORDS: usize = 1024;

impl Heads {
    pub(super) fn add(&mut self, head: [u8; HEAD]) {
        let (word, bit) = Self::place(head);
        let words = self.0.get_or_insert_with(|| Box::new([0; WORDS]));
        if let Some(word) = words.get_mut(word) {
            *word |= bit;
        }
    }

    pub(super) fn has(&self, head: [u8; HEAD]) -> bool {
        let (word, bit) = Self::place(head);
        let words = self.0.as_ref();
        words.and_then(|words| words.get(word)).is_some_and(|word| word & bit != 0)
    }

    /// The word, and the bit in it.
    fn place(head: [u8; HEAD]) -> (usize, u64) {
        let hash = u32::from_le_bytes(head).wrapping_mul(0x9e37_79b1) >> 16;
        ((hash >> 6) as usize % WORDS, 1 << (hash & 63))
    }
}

impl std::fmt::Debug for Heads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Heads")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(forms: &[&str]) -> TextIndex {
        let mut index = TextIndex::default();
        for form in forms {
            index.add(form.as_bytes(), form.len() < 6);
        }
        index.sort();
        index
    }

    fn found(forms: &[&str], text: &str, cut: bool) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        index(forms).find(text.as_bytes(), cut, &mut found);
        found
    }

    #[test]
    fn the_longest_form_is_found() {
        let forms = ["abcdef", "abcdefgh", "abcdefzz", "abcdexyz"];
        assert_eq!(found(&forms, "-abcdefgx-", false), vec![1..7]);
        assert_eq!(found(&forms, "-abcdefghi-", false), vec![1..9]);
        assert!(found(&forms, "-abcdexyy-", false).is_empty());
    }

    #[test]
    fn short_values_are_words() {
        assert_eq!(found(&["abcd"], "abcde abcd.", false), vec![6..10]);
    }

    #[test]
    fn a_beginning_counts_at_a_cut() {
        assert_eq!(found(&["abcdefghij"], "--abcdef", true), vec![2..8]);
        assert!(found(&["abcdefghij"], "--abcdef", false).is_empty());
        assert!(found(&["abcdefghij"], "--abcdefx", true).is_empty());
    }

    #[test]
    fn a_text_is_known_by_its_beginning() {
        let mut index = TextIndex::default();
        index.add_beginning(b"QUJD", 8, false);
        index.sort();
        for (text, expected) in [("-QUJDxyz_0-", 1..9), ("QUJD.xyz", 0..4), ("QUJDx", 0..5)] {
            let mut found = Vec::new();
            index.find(text.as_bytes(), false, &mut found);
            assert_eq!(found, [expected], "{text}");
        }
    }

    /// Each place begins a long form that is not there: the work is limited, and what was not
    /// searched is masked.
    #[test]
    fn hostile_texts_are_masked_to_their_end() {
        let long = format!("{}!", "a".repeat(5000));
        let text = "a".repeat(16 << 10);
        let found = found(&[&long], &text, false);
        assert_eq!(found.last().map(|range| range.end), Some(text.len()));
    }
}
