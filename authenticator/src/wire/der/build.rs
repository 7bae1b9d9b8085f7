//! The elements that certificates are built of.

use super::{Content, Der, Length, tag};

impl Der {
    /// A BOOLEAN.
    pub fn boolean(value: bool) -> Self {
        Self::primitive(tag::BOOLEAN, [if value { 0xff } else { 0 }])
    }

    /// A small ENUMERATED.
    pub fn enumerated(value: u8) -> Self {
        Self { tag: vec![tag::ENUMERATED], ..Self::unsigned(&[value]) }
    }

    /// A UTF8String.
    pub fn utf8(text: &str) -> Self {
        Self::primitive(tag::UTF8_STRING, text)
    }

    /// An OBJECT IDENTIFIER of at least two arcs.
    pub fn oid(arcs: &[u64]) -> Self {
        let (first, rest) = match arcs {
            [first, second, rest @ ..] => (first * 40 + second, rest),
            _ => (0, arcs),
        };
        let mut content = base128(first);
        content.extend(rest.iter().flat_map(|arc| base128(*arc)));
        Self::primitive(tag::OBJECT_IDENTIFIER, content)
    }

    /// The dotted form of an OBJECT IDENTIFIER.
    pub fn as_oid(&self) -> Option<String> {
        let content = self.as_primitive()?;
        if self.tag != [tag::OBJECT_IDENTIFIER] || content.last()? & 0x80 != 0 {
            return None;
        }
        let mut arcs = Vec::new();
        for group in content.split_inclusive(|octet| octet & 0x80 == 0) {
            let fold =
                |arc: u64, octet: &u8| arc.checked_mul(128)?.checked_add((octet & 0x7f).into());
            let arc = group.iter().try_fold(0, fold)?;
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.extend([first, arc - first * 40]);
            } else {
                arcs.push(arc);
            }
        }
        let arcs: Vec<String> = arcs.iter().map(u64::to_string).collect();
        Some(arcs.join("."))
    }

    /// The content octets of a primitive element.
    pub fn as_primitive(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Primitive(octets) => Some(octets),
            Content::Constructed(_) => None,
        }
    }

    /// An OCTET STRING.
    pub fn octets(content: impl Into<Vec<u8>>) -> Self {
        Self::primitive(tag::OCTET_STRING, content)
    }

    /// An OCTET STRING around the encoding of an element, which stays within
    /// reach of edits.
    pub fn wrapping(inner: Self) -> Self {
        Self { tag: vec![tag::OCTET_STRING], ..Self::sequence([inner]) }
    }

    /// A BIT STRING of `octets` whose last one has unused bits.
    pub fn bits(unused: u8, octets: &[u8]) -> Self {
        Self::primitive(tag::BIT_STRING, [&[unused], octets].concat())
    }

    /// A SET OF, in DER's order.
    pub fn set(items: impl IntoIterator<Item = Self>) -> Self {
        let mut items: Vec<Self> = items.into_iter().collect();
        items.sort_by_cached_key(Self::render);
        let content = Content::Constructed(items);
        Self { tag: vec![tag::SET], length: Length::Minimal, content }
    }

    /// `[number] EXPLICIT`: an element under a context-specific tag.
    pub fn explicit(number: u64, inner: Self) -> Self {
        Self { tag: context_tag(0xa0, number), ..Self::sequence([inner]) }
    }

    /// `[number] IMPLICIT OCTET STRING`.
    pub fn implicit_octets(number: u64, content: impl Into<Vec<u8>>) -> Self {
        Self { tag: context_tag(0x80, number), ..Self::octets(content) }
    }
}

/// Context-specific identifier octets with these class and form bits.
fn context_tag(bits: u8, number: u64) -> Vec<u8> {
    match u8::try_from(number) {
        Ok(low @ ..=30) => vec![bits | low],
        _ => [vec![bits | 0x1f], base128(number)].concat(),
    }
}

/// Groups of seven bits, all but the last with the high bit set.
fn base128(number: u64) -> Vec<u8> {
    let groups = (64 - number.leading_zeros()).div_ceil(7).max(1);
    let group = |index: u32| {
        let bits = (number >> (7 * index) & 0x7f) as u8;
        if index == 0 { bits } else { bits | 0x80 }
    };
    (0..groups).rev().map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn identifiers_and_tags() {
        let android = Der::oid(&[1, 3, 6, 1, 4, 1, 11129, 2, 1, 17]);
        assert_eq!(android.render(), b"\x06\x0a\x2b\x06\x01\x04\x01\xd6\x79\x02\x01\x11");
        assert_eq!(android.as_oid().as_deref(), Some("1.3.6.1.4.1.11129.2.1.17"));
        assert_eq!(Der::octets([1]).as_oid(), None);
        let origin = Der::explicit(702, Der::unsigned(&[0]));
        assert_eq!(origin.render(), [0xbf, 0x85, 0x3e, 3, 2, 1, 0]);
        assert_eq!(Der::implicit_octets(0, [7]).render(), [0x80, 1, 7]);
    }

    #[test]
    fn a_wrapped_element_is_an_octet_string() {
        let inner = Der::boolean(true);
        assert_eq!(Der::wrapping(inner.clone()).render(), Der::octets(inner.render()).render());
    }

    #[test]
    fn sets_are_sorted() {
        let set = Der::set([Der::utf8("b"), Der::boolean(false), Der::utf8("a")]);
        assert_eq!(set.render(), b"\x31\x09\x01\x01\x00\x0c\x01a\x0c\x01b");
    }

    proptest! {
        #[test]
        fn identifiers_come_back(
            first in 0u64..3, second in 0u64..40, rest in prop::collection::vec(any::<u64>(), 0..5)
        ) {
            let arcs = [vec![first, second], rest].concat();
            let dotted: Vec<String> = arcs.iter().map(u64::to_string).collect();
            prop_assert_eq!(Der::oid(&arcs).as_oid(), Some(dotted.join(".")));
        }
    }
}
