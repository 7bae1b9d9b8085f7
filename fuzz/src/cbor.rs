//! CBOR after RFC 8949, once more: for the judge, who must not read with the
//! eyes of those whom it judges.

/// An item, as much of it as the judge looks at.
#[derive(Debug, PartialEq)]
pub enum Item {
    Int(i128),
    Bytes(Vec<u8>),
    Text(String),
    List(Vec<Item>),
    Map(Vec<(Item, Item)>),
    /// Whatever else is well-formed.
    Other,
}

/// How deep items may stand in items: every decoder has a limit somewhere, and
/// it is no question of soundness where.
const DEEPEST: usize = 64;

impl Item {
    /// The item that `bytes` begin with, and what follows it; `None` if they
    /// begin with nothing well-formed.
    pub fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut rest = bytes;
        let item = item(&mut rest, 0)??;
        Some((item, rest))
    }

    /// The value of the first entry under a text.
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(key, _)| matches!(key, Self::Text(key) if key == name)).map(|e| &e.1)
    }

    /// The value of the first entry under a number.
    pub fn at(&self, label: i64) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(key, _)| *key == Self::Int(label.into())).map(|e| &e.1)
    }

    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number of 64 bits with its sign.
    pub fn int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => i64::try_from(*number).ok(),
            _ => None,
        }
    }
}

/// What follows the item that well-formed `bytes` begin with, if that is in the
/// CTAP2 canonical form.
pub fn canonical(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    form(&mut rest)?;
    Some(rest)
}

/// The same for an attestation object, whose statement may have any form.
pub fn canonical_object(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    let (5, count) = head(&mut rest)? else { return None };
    entries(&mut rest, count, |rest, key| match key {
        b"\x67attStmt" => {
            *rest = Item::read(rest)?.1;
            Some(())
        }
        _ => form(rest),
    })?;
    Some(rest)
}

fn form(rest: &mut &[u8]) -> Option<()> {
    let (major, argument) = head(rest)?;
    match major {
        2 | 3 => take(rest, argument).map(drop),
        4 => (0..argument).try_for_each(|_| form(rest)),
        5 => entries(rest, argument, |rest, _| form(rest)),
        6 => None,
        _ => Some(()),
    }
}

/// Major type and argument of a head that is as short as it can be; floats are
/// of whatever width.
fn head(rest: &mut &[u8]) -> Option<(u8, u64)> {
    let initial = *take(rest, 1)?.first()?;
    let (major, info) = (initial / 32, initial % 32);
    let (argument, least) = match info {
        0..=23 => (u64::from(info), 0),
        24..=27 => {
            let octets = take(rest, 1 << (info - 24))?;
            let least = [24, 1 << 8, 1 << 16, 1 << 32][usize::from(info) - 24];
            (octets.iter().fold(0, |n, b| n * 256 + u64::from(*b)), least)
        }
        _ => return None,
    };
    (major == 7 || argument >= least).then_some((major, argument))
}

/// Entries whose keys are in the order of their octets, none twice.
fn entries(
    rest: &mut &[u8],
    count: u64,
    value: impl Fn(&mut &[u8], &[u8]) -> Option<()>,
) -> Option<()> {
    let mut last: &[u8] = &[];
    for _ in 0..count {
        let start = *rest;
        form(rest)?;
        let key = start.get(..start.len() - rest.len())?;
        if last >= key {
            return None;
        }
        last = key;
        value(rest, key)?;
    }
    Some(())
}

fn take<'a>(rest: &mut &'a [u8], count: u64) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(usize::try_from(count).ok()?)?;
    *rest = after;
    Some(taken)
}

/// `Some(None)` is the break code.
fn item(rest: &mut &[u8], depth: usize) -> Option<Option<Item>> {
    if depth > DEEPEST {
        return None;
    }
    let initial = *take(rest, 1)?.first()?;
    if initial == 0xff {
        return Some(None);
    }
    let (major, info) = (initial / 32, initial % 32);
    let argument = match info {
        0..=23 => u64::from(info),
        24..=27 => take(rest, 1 << (info - 24))?.iter().fold(0, |n, b| n * 256 + u64::from(*b)),
        31 => return endless(rest, major, depth).map(Some),
        _ => return None,
    };
    let inner = |rest: &mut &[u8]| item(rest, depth + 1)?;
    Some(Some(match major {
        0 => Item::Int(argument.into()),
        1 => Item::Int(-1 - i128::from(argument)),
        2 => Item::Bytes(take(rest, argument)?.to_vec()),
        3 => Item::Text(String::from_utf8(take(rest, argument)?.to_vec()).ok()?),
        4 => {
            let mut items = Vec::new();
            for _ in 0..argument {
                items.push(inner(rest)?);
            }
            Item::List(items)
        }
        5 => {
            let mut entries = Vec::new();
            for _ in 0..argument {
                entries.push((inner(rest)?, inner(rest)?));
            }
            Item::Map(entries)
        }
        6 => {
            inner(rest)?;
            Item::Other
        }
        _ if info == 24 && argument < 32 => return None,
        _ => Item::Other,
    }))
}

/// An item of indefinite length, up to its break code.
fn endless(rest: &mut &[u8], major: u8, depth: usize) -> Option<Item> {
    let mut items = Vec::new();
    loop {
        let initial = *rest.first()?;
        let Some(inner) = item(rest, depth + 1)? else { break };
        // Strings are made of definite strings of their own type.
        if matches!(major, 2 | 3) && (initial / 32 != major || initial % 32 == 31) {
            return None;
        }
        items.push(inner);
    }
    match major {
        2 | 3 => Some(Item::Other),
        4 => Some(Item::List(items)),
        5 if items.len() % 2 == 0 => {
            let mut items = items.into_iter();
            let mut entries = Vec::new();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                entries.push((key, value));
            }
            Some(Item::Map(entries))
        }
        _ => None,
    }
}
