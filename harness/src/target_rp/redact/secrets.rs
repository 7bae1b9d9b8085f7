//! The values that are secret, and texts without them.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use super::cut::beginning;
use super::lookup::{Lookup, SearchedSecret, Spellings};
use super::view::{Escape, View};

pub(in super::super) const MASK: &str = "[masked]";
/// The byte that replaces those of a secret where the length is to be kept.
const FILL: u8 = b'*';

/// Values that are not shorter are masked wherever they occur.
const LONG: usize = 6;
/// Shorter values are masked only in their places: anywhere else they would be everywhere.
const SHORT: usize = 4;
/// A longer value is known by its beginning.
const LONGEST: usize = 64 << 10;
/// The most values that are remembered of the target, and the most bytes of all of them.
const REMEMBERED: usize = 4096;
const REMEMBERED_BYTES: usize = 1 << 20;

/// The most times that a text is decoded, one escape within another, and the most views of it.
const LEVELS: usize = 3;
const VIEWS: usize = 40;

/// Words that occur in every transcript. A value that is one is masked only in its place.
const WORDS: [&str; 28] = [
    "true",
    "false",
    "null",
    "none",
    "undefined",
    "direct",
    "indirect",
    "enterprise",
    "required",
    "preferred",
    "discouraged",
    "platform",
    "cross-platform",
    "public-key",
    "webauthn.create",
    "webauthn.get",
    "optional",
    "conditional",
    "internal",
    "hybrid",
    "username",
    "discoverable",
    "bearer",
    "Bearer",
    "basic",
    "Basic",
    "masked",
    "localhost",
];

/// The values that only the user and the target may see.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Secrets {
    /// Secrets of the user that all logs share.
    base: Option<Arc<Self>>,
    /// Secrets of the user, and whether each is masked only as a word of its own.
    given: HashMap<Arc<str>, bool>,
    /// Secrets of the target, the newest last.
    learnt: VecDeque<Arc<str>>,
    known: HashSet<Arc<str>>,
    bytes: usize,
    /// Names of users and challenges: evidence, whatever the target does with them.
    public: HashSet<Arc<str>>,
    /// Shared by copies, so that what one of them built serves all.
    lookup: Arc<Lookup>,
}

impl Secrets {
    /// Adds a secret of the user, however short; a single byte is not a secret.
    pub(in super::super) fn add(&mut self, secret: &str) {
        if secret.len() >= 2 {
            self.add_given(secret, false);
        }
    }

    /// Adds a value that the user supplied.
    pub(in super::super) fn give(&mut self, value: &str) {
        if is_maskable(value) {
            self.add_given(value, value.len() < LONG);
        }
    }

    fn add_given(&mut self, secret: &str, is_word: bool) {
        let known = self.given.get(secret).or_else(|| self.base.as_ref()?.given.get(secret));
        if known.is_some_and(|known| !known || is_word) {
            return;
        }
        self.given.insert(secret.into(), is_word);
        self.insert(secret, is_word);
    }

    /// Adds a value that the target set, and the spellings that the target may have decoded.
    pub(in super::super) fn learn(&mut self, value: &str) {
        let value = beginning(value, LONGEST);
        // Most values are: each request repeats all cookies.
        if self.known.contains(value) {
            return;
        }
        // The signed cookies of many frameworks have an escape before a long text: the spellings of
        // that text are those of the value and of the decoded value.
        let shared = shared_part(value);
        let spellings = if shared.is_some() { Spellings::Plain } else { Spellings::All };
        if !self.remember(value, spellings) {
            return;
        }
        if let Some(part) = shared {
            Arc::make_mut(&mut self.lookup).add(SearchedSecret {
                text: part.into(),
                is_word: false,
                spellings: Spellings::Encoded,
            });
        }
        let value = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        if let Some(inner) = value {
            self.remember(inner, spellings);
        }
        let value = self.learnt.back().cloned().unwrap_or_default();
        for escape in [Escape::Percent, Escape::Form, Escape::Backslash] {
            // A space in place of a plus sign is meant only where escapes are, too.
            if escape == Escape::Form && !value.contains('%') {
                continue;
            }
            let view = View::of(value.as_bytes(), escape, false);
            if let Some(decoded) = view.and_then(|view| String::from_utf8(view.text).ok()) {
                self.remember(&decoded, spellings);
            }
        }
    }

    /// Remembers a value. The result is true if the value is a new one.
    fn remember(&mut self, value: &str, spellings: Spellings) -> bool {
        if !is_maskable(value)
            || self.known.contains(value)
            || self.public.contains(value)
            || self.is_given(value)
        {
            return false;
        }
        let value: Arc<str> = value.into();
        self.bytes += value.len();
        self.learnt.push_back(Arc::clone(&value));
        self.known.insert(Arc::clone(&value));
        Arc::make_mut(&mut self.lookup).add(SearchedSecret {
            is_word: value.len() < LONG,
            text: value,
            spellings,
        });
        if self.learnt.len() > REMEMBERED || self.bytes > REMEMBERED_BYTES {
            self.forget_the_older_half();
        }
        true
    }

    fn forget_the_older_half(&mut self) {
        while self.learnt.len() > REMEMBERED / 2 || self.bytes > REMEMBERED_BYTES / 2 {
            let Some(oldest) = self.learnt.pop_front() else { break };
            self.bytes -= oldest.len();
            self.known.remove(&oldest);
        }
        self.build();
    }

    /// A value that is evidence: the name of a user, or a challenge. A secret of the user stays
    /// masked nevertheless, whatever the target makes of it.
    pub(in super::super) fn publish(&mut self, value: &str) {
        if value.len() < SHORT || self.public.contains(value) {
            return;
        }
        self.public.insert(value.into());
        if self.known.remove(value) {
            self.learnt.retain(|known| &**known != value);
            self.bytes -= value.len();
            self.build();
        }
    }

    /// Builds the index anew.
    fn build(&mut self) {
        self.lookup = Arc::default();
        let given = std::mem::take(&mut self.given);
        for (secret, is_word) in &given {
            self.insert(secret, *is_word);
        }
        self.given = given;
        let learnt = std::mem::take(&mut self.learnt);
        for value in &learnt {
            self.insert(value, value.len() < LONG);
        }
        self.learnt = learnt;
    }

    fn insert(&mut self, secret: &str, is_word: bool) {
        Arc::make_mut(&mut self.lookup).add(SearchedSecret {
            text: secret.into(),
            is_word,
            spellings: Spellings::All,
        });
    }

    fn is_given(&self, value: &str) -> bool {
        self.given.contains_key(value)
            || self.base.as_ref().is_some_and(|base| base.is_given(value))
    }

    /// Shares these secrets of the user.
    pub(in super::super) fn share(&mut self, base: &Arc<Self>) {
        match &self.base {
            Some(known) if Arc::ptr_eq(known, base) => {}
            None => self.base = Some(Arc::clone(base)),
            Some(_) => self.join(base),
        }
    }

    /// Adds all of another's.
    pub(in super::super) fn join(&mut self, other: &Self) {
        if let Some(base) = &other.base {
            self.share(base);
        }
        for (secret, is_word) in &other.given {
            self.add_given(secret, *is_word);
        }
        for value in &other.public {
            self.publish(value);
        }
        for value in &other.learnt {
            self.remember(value, Spellings::All);
        }
    }

    fn is_empty(&self) -> bool {
        self.lookup.is_empty() && self.base.as_ref().is_none_or(|base| base.is_empty())
    }

    /// The text without any of them.
    pub(in super::super) fn mask(&self, text: &str) -> String {
        self.masked(text, false).into_owned()
    }

    /// The beginning of a text, which ends at a cut: a secret across the cut does not show its
    /// beginning.
    pub(in super::super) fn mask_cut(&self, text: &str) -> String {
        self.masked(text, true).into_owned()
    }

    fn masked<'t>(&self, text: &'t str, cut: bool) -> Cow<'t, str> {
        let ranges = self.ranges(text.as_bytes(), cut);
        if ranges.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut masked = Vec::with_capacity(text.len());
        let mut rest = 0;
        for range in ranges {
            masked.extend_from_slice(text.as_bytes().get(rest..range.start).unwrap_or_default());
            masked.extend_from_slice(MASK.as_bytes());
            rest = range.end;
        }
        masked.extend_from_slice(text.as_bytes().get(rest..).unwrap_or_default());
        Cow::Owned(String::from_utf8_lossy(&masked).into_owned())
    }

    /// Bytes without any of them, as many as before.
    pub(in super::super) fn mask_bytes(&self, bytes: &mut [u8], cut: bool) {
        for range in self.ranges(bytes, cut) {
            bytes.get_mut(range).unwrap_or_default().fill(FILL);
        }
    }

    /// The places of the secrets, those that overlap as one.
    fn ranges(&self, text: &[u8], cut: bool) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if text.is_empty() {
            return found;
        }
        self.find(text, cut, &mut found);
        if has_escape(text) && !self.is_empty() {
            self.find_in_views(text, cut, &mut found);
        }
        if found.len() < 2 {
            return found;
        }
        found.sort_by_key(|range| range.start);
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(found.len());
        for range in found {
            match merged.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        merged
    }

    fn find(&self, text: &[u8], cut: bool, found: &mut Vec<Range<usize>>) {
        self.lookup.find(text, cut, found);
        if let Some(base) = &self.base {
            base.find(text, cut, found);
        }
    }

    /// Decodes the text, and what comes of that, as far as there are escapes.
    fn find_in_views(&self, text: &[u8], cut: bool, found: &mut Vec<Range<usize>>) {
        let mut views: Vec<(View, Option<usize>)> = Vec::new();
        let mut level = vec![None];
        for _ in 0..LEVELS {
            let mut next = Vec::new();
            for parent in level {
                for escape in Escape::ALL {
                    if views.len() >= VIEWS || (escape == Escape::Form && !self.has_space()) {
                        continue;
                    }
                    let above = parent.and_then(|at: usize| views.get(at));
                    let source = above.map_or(text, |(view, _)| &view.text);
                    let Some(view) = View::of(source, escape, cut) else { continue };
                    if views.iter().any(|(known, _)| known.text == view.text) {
                        continue;
                    }
                    next.push(Some(views.len()));
                    views.push((view, parent));
                }
            }
            level = next;
        }
        let mut here = Vec::new();
        for (view, parent) in &views {
            self.find(&view.text, cut, &mut here);
            for mut range in here.drain(..) {
                range = view.source(&range);
                let mut above = *parent;
                while let Some((view, parent)) = above.and_then(|at| views.get(at)) {
                    range = view.source(&range);
                    above = *parent;
                }
                found.push(range);
            }
        }
    }

    fn has_space(&self) -> bool {
        self.lookup.has_space() || self.base.as_ref().is_some_and(|base| base.has_space())
    }
}

/// True if a text may have an escape: many bytes at once, without a branch for each.
fn has_escape(text: &[u8]) -> bool {
    const PIECE: usize = 64;
    let is_escape = |b: u8| (b == b'%') | (b == b'\\') | (b == b'&') | (b == b'+');
    text.chunks(PIECE).any(|piece| piece.iter().fold(false, |found, b| found | is_escape(*b)))
}

/// The part of a value with percent escapes that is most of the value and has none.
fn shared_part(value: &str) -> Option<&str> {
    if !value.contains('%') {
        return None;
    }
    // An escape ends two characters behind its sign.
    let parts = value.split('%').enumerate();
    let parts = parts.map(|(at, part)| part.get(if at == 0 { 0 } else { 2 }..).unwrap_or_default());
    let longest = parts.max_by_key(|part| part.len())?;
    (longest.len() >= LONG && longest.len() * 2 > value.len() && !longest.contains(['+', '\\']))
        .then_some(longest)
}

/// True if a value can be masked wherever it occurs.
fn is_maskable(value: &str) -> bool {
    value.len() >= SHORT && !WORDS.contains(&value)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
