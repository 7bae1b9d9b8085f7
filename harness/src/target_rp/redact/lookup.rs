//! The secrets to look for.
//!
//! A secret has about nine spellings, and hardly any text has one of them. So the first bytes of
//! each spelling are known at once, and a secret is spelled and put into the [`TextIndex`] when a text
//! has such bytes.

use std::mem;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::cut::beginning;
use super::forms;
use super::index::{HEAD, Heads, TextIndex};

/// All spellings of a shorter secret are put into the index at once: some have no head.
const TINY: usize = 8;

/// The spellings of a secret that are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spellings {
    /// The text itself, in hex and in base64.
    All,
    /// The text itself.
    Plain,
    /// Hex and base64: the text is a part of other secrets.
    Encoded,
}

#[derive(Clone, Debug)]
pub(super) struct SearchedSecret {
    pub(super) text: Arc<str>,
    /// True if the value is masked only as a word of its own.
    pub(super) is_word: bool,
    pub(super) spellings: Spellings,
}

/// The secrets to look for, and the index of those that were spelled.
#[derive(Debug, Default)]
pub(super) struct Lookup(Mutex<LookupState>);

#[derive(Clone, Debug, Default)]
struct LookupState {
    index: TextIndex,
    /// The secrets that are not spelled yet; `None` where one was.
    waiting: Vec<Option<SearchedSecret>>,
    /// The heads of their spellings, each with the place of its secret.
    entries: Vec<HeadEntry>,
    heads: Heads,
    is_sorted: bool,
    has_space: bool,
}

/// The head in the upper half, the place in the lower one: one number sorts fast.
type HeadEntry = u64;

fn head_of(entry: HeadEntry) -> u32 {
    (entry >> 32) as u32
}

fn place_of(entry: HeadEntry) -> usize {
    entry as u32 as usize
}

impl Lookup {
    pub(super) fn add(&mut self, sought: SearchedSecret) {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).add(sought);
    }

    pub(super) fn is_empty(&self) -> bool {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.entries.is_empty() && inner.index.is_empty()
    }

    /// True if any secret has a space: only then `+` can stand for one.
    pub(super) fn has_space(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).has_space
    }

    /// The places of all secrets, see [`Index::find`].
    pub(super) fn find(&self, text: &[u8], cut: bool, found: &mut Vec<Range<usize>>) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.spell_for(text);
        inner.index.find(text, cut, found);
    }
}

impl Clone for Lookup {
    fn clone(&self) -> Self {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Self(Mutex::new(inner.clone()))
    }
}

impl LookupState {
    fn add(&mut self, sought: SearchedSecret) {
        self.has_space |= sought.text.contains(' ');
        let place = self.waiting.len() as u64;
        if sought.text.len() < TINY {
            spell(&sought, &mut self.index);
            self.index.sort();
            return;
        }
        let Self { entries, heads, .. } = self;
        each_head(&sought, |head| {
            heads.add(head);
            entries.push(u64::from(u32::from_be_bytes(head)) << 32 | place);
        });
        self.is_sorted = false;
        self.waiting.push(Some(sought));
    }

    /// Spells the secrets that the text may have.
    fn spell_for(&mut self, text: &[u8]) {
        if self.entries.is_empty() {
            return;
        }
        let heads = text.windows(HEAD).filter_map(<[u8]>::first_chunk);
        let heads = heads.filter(|head| self.heads.has(**head));
        let mut heads: Vec<u32> = heads.map(|head| u32::from_be_bytes(*head)).collect();
        if heads.is_empty() {
            return;
        }
        heads.sort_unstable();
        heads.dedup();
        if !mem::replace(&mut self.is_sorted, true) {
            self.entries.sort();
        }
        let Self { index, waiting, entries, .. } = self;
        let mut is_any_spelled = false;
        for head in heads {
            let from = entries.partition_point(|entry| head_of(*entry) < head);
            let entries = entries.get(from..).unwrap_or_default();
            for entry in entries.iter().take_while(|entry| head_of(**entry) == head) {
                let place = waiting.get_mut(place_of(*entry));
                if let Some(sought) = place.and_then(Option::take) {
                    spell(&sought, index);
                    is_any_spelled = true;
                }
            }
        }
        if is_any_spelled {
            entries.retain(|entry| matches!(waiting.get(place_of(*entry)), Some(Some(_))));
            index.sort();
        }
    }
}

/// Puts the spellings of a secret into the index.
fn spell(sought: &SearchedSecret, index: &mut TextIndex) {
    if sought.spellings != Spellings::Encoded {
        index.add(sought.text.as_bytes(), sought.is_word);
    }
    if sought.spellings != Spellings::Plain {
        forms::each(&sought.text, |form, whole| index.add_beginning(form, whole, false));
    }
}

/// The first bytes of each spelling. They depend on no more than the first bytes of the secret.
fn each_head(sought: &SearchedSecret, mut take: impl FnMut([u8; HEAD])) {
    let mut take_of = |form: &[u8]| {
        if let Some(head) = form.first_chunk() {
            take(*head);
        }
    };
    if sought.spellings != Spellings::Encoded {
        take_of(sought.text.as_bytes());
    }
    if sought.spellings != Spellings::Plain {
        let start = sought.text.get(..HEAD).unwrap_or_else(|| beginning(&sought.text, TINY));
        forms::each(start, |form, _| take_of(form));
    }
}
