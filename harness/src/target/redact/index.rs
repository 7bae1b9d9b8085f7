//! Many texts looked for at once.
//!
//! The set of secrets changes with each answer, so that an automaton would be compiled again for
//! each one. This index grows by insertion instead: four bytes select the forms that may begin
//! at a place, and the forms with these four bytes are sorted. The work per text is limited, and
//! a text that exceeds the limit is masked to its end: no input costs more than linear time.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of a form by which the form is found.
const HEAD: usize = 4;
/// Bytes that are compared per byte of a text at most, on the average.
const WORK_PER_BYTE: usize = 64;
/// Bytes that are compared in any text, however short.
const LEAST_WORK: usize = 64 << 10;

/// A text to look for.
#[derive(Clone, Debug)]
struct Form {
    /// The bytes behind the head, as a number that orders as they do: most comparisons end there.
    key: u64,
    text: Arc<[u8]>,
    /// Only as a word of its own: not within a longer run of letters and digits.
    is_word: bool,
}

/// The texts to look for.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    heads: Option<Heads>,
    /// Forms by their first bytes; sorted, but for those that were added last.
    forms: HashMap<[u8; HEAD], Vec<Form>>,
    /// The first bytes of forms that were added last.
    unsorted: Vec<[u8; HEAD]>,
    /// Forms that are shorter than a head.
    short: Vec<Form>,
    has_space: bool,
}

impl Index {
    pub(super) fn is_empty(&self) -> bool {
        self.heads.is_none() && self.short.is_empty()
    }

    /// Whether any form has a space: only then `+` can stand for one.
    pub(super) fn has_space(&self) -> bool {
        self.has_space
    }

    pub(super) fn add(&mut self, text: &[u8], is_word: bool) {
        self.has_space |= text.contains(&b' ');
        let Some(head) = text.first_chunk() else {
            if !text.is_empty() {
                self.short.push(Form::of(text, is_word));
            }
            return;
        };
        self.heads.get_or_insert_default().add(*head);
        let forms = self.forms.entry(*head).or_default();
        forms.push(Form::of(text, is_word));
        if self.unsorted.last() != Some(head) {
            self.unsorted.push(*head);
        }
    }

    /// Sorts what was added: to be called before the next search.
    pub(super) fn sort(&mut self) {
        for head in self.unsorted.drain(..) {
            let Some(forms) = self.forms.get_mut(&head) else { continue };
            if forms.is_sorted_by(|one, other| one.order(other).is_lt()) {
                continue;
            }
            forms.sort_by(Form::order);
            // Of a text that was added twice one stays, as a word only if both were.
            forms.dedup_by(|other, one| {
                let is_same = one.text == other.text;
                one.is_word &= other.is_word || !is_same;
                is_same
            });
        }
    }

    /// The places of all forms, the longest at each place. Where the text is `cut`, a form that
    /// begins before the cut and would end behind it counts, too.
    pub(super) fn find(&self, text: &[u8], cut: bool, found: &mut Vec<Range<usize>>) {
        self.find_short(text, found);
        let Some(heads) = &self.heads else { return };
        let mut work = text.len() * WORK_PER_BYTE + LEAST_WORK;
        for (at, head) in text.windows(HEAD).enumerate() {
            let Some(head) = head.first_chunk() else { continue };
            if !heads.has(*head) {
                continue;
            }
            let Some(forms) = self.forms.get(head) else { continue };
            let Some(rest) = text.get(at..) else { continue };
            if cut && is_beginning(forms, rest) {
                found.push(at..text.len());
                return;
            }
            match longest(forms, text, at, &mut work) {
                Ok(Some(end)) => found.push(at..end),
                Ok(None) => {}
                Err(Exhausted) => {
                    found.push(at..text.len());
                    return;
                }
            }
        }
    }

    fn find_short(&self, text: &[u8], found: &mut Vec<Range<usize>>) {
        for form in &self.short {
            let places = text.windows(form.text.len()).enumerate();
            let places = places.filter(|(_, here)| **here == *form.text).map(|(at, _)| at);
            let ranges = places.map(|at| at..at + form.text.len());
            found.extend(ranges.filter(|range| !form.is_word || is_word(text, range)));
        }
    }
}

impl Form {
    fn of(text: &[u8], is_word: bool) -> Self {
        Self { key: key(text), text: text.into(), is_word }
    }

    fn order(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key).then_with(|| self.text.cmp(&other.text))
    }

    /// How the form is ordered beside a text that has the same head, and this key.
    fn beside(&self, key: u64, text: &[u8]) -> Ordering {
        self.key.cmp(&key).then_with(|| (*self.text).cmp(text))
    }
}

/// The eight bytes behind the head as a number; bytes that are not there count as 0.
fn key(text: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let behind = text.get(HEAD..).unwrap_or_default();
    bytes.iter_mut().zip(behind).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(bytes)
}

/// The work for a text is used up.
struct Exhausted;

/// Where the longest form ends that begins there.
fn longest(
    forms: &[Form],
    text: &[u8],
    at: usize,
    work: &mut usize,
) -> Result<Option<usize>, Exhausted> {
    let mut rest = text.get(at..).unwrap_or_default();
    loop {
        let own = key(rest);
        let after = forms.partition_point(|form| form.beside(own, rest).is_le());
        let Some(form) = after.checked_sub(1).and_then(|before| forms.get(before)) else {
            return Ok(None);
        };
        let common = common(&form.text, rest);
        let steps = usize::BITS - forms.len().leading_zeros();
        let cost = common + form.text.len().min(64) * steps as usize;
        *work = work.checked_sub(cost).ok_or(Exhausted)?;
        let is_whole = common == form.text.len();
        if is_whole && (!form.is_word || is_word(text, &(at..at + common))) {
            return Ok(Some(at + common));
        }
        // A shorter form is a part of what the two have in common.
        let shorter = common - usize::from(is_whole);
        rest = rest.get(..shorter).unwrap_or_default();
    }
}

/// Whether a form begins with this text and goes on behind it.
fn is_beginning(forms: &[Form], text: &[u8]) -> bool {
    let own = key(text);
    let at = forms.partition_point(|form| form.beside(own, text).is_le());
    forms.get(at).is_some_and(|form| form.text.starts_with(text))
}

/// How many bytes two texts have in common at their beginnings.
fn common(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

/// Whether no letter or digit stands beside the range.
fn is_word(text: &[u8], range: &Range<usize>) -> bool {
    let before = range.start.checked_sub(1).and_then(|at| text.get(at));
    let after = text.get(range.end);
    ![before, after].into_iter().flatten().any(u8::is_ascii_alphanumeric)
}

/// Which four bytes the forms begin with, as a set of hashes. Each byte of each transcript is
/// looked at, and hardly any begins a form.
#[derive(Clone)]
struct Heads(Box<[u64; 1024]>);

impl Heads {
    fn add(&mut self, head: [u8; HEAD]) {
        let (word, bit) = Self::place(head);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    fn has(&self, head: [u8; HEAD]) -> bool {
        let (word, bit) = Self::place(head);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Which bit of which word.
    fn place(head: [u8; HEAD]) -> (usize, u64) {
        let hash = u32::from_le_bytes(head).wrapping_mul(0x9e37_79b1) >> 16;
        ((hash >> 6) as usize & 1023, 1 << (hash & 63))
    }
}

impl Default for Heads {
    fn default() -> Self {
        Self(Box::new([0; 1024]))
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

    fn index(forms: &[&str]) -> Index {
        let mut index = Index::default();
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
