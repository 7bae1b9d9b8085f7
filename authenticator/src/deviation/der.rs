//! Edits of ASN.1 trees: ECDSA signatures and certificates.
//!
//! What has names in its ASN.1 module has them in paths, so far as it can be
//! told by its shape; extensions and attributes go by their identifier:
//! `certificate.extensions[2.5.29.19].critical`.

use super::container::{self, Node};
use super::edit::octets;
use super::{Encoding, Error, Group, Operation, Segment, Value};
use crate::wire::der::{Content, Der, Length, tag};

impl Node for Der {
    fn edit(&mut self, path: &[Segment], operation: &Operation) -> Result<(), Error> {
        if let [Segment::Name(name)] = path
            && name == "tag"
        {
            return retag(self, operation);
        }
        // A wrapper is passed through: tags are not counted as levels.
        let is_meant_itself = path.is_empty() && is_octet_string(self);
        if let Some(inner) = wrapped(self).filter(|_| !is_meant_itself) {
            return inner.edit(path, operation);
        }
        let Some((first, rest)) = path.split_first() else {
            return whole(self, operation);
        };
        match &mut self.content {
            Content::Constructed(items) => {
                let names = names(items);
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                container::item(items, &names, first, rest, operation)
            }
            Content::Primitive(_) => Err(Error::place(first, Vec::new())),
        }
    }

    /// Octets are an element as it is encoded.
    fn literal(value: &Value, _: Option<&Self>) -> Result<Self, Error> {
        let element = value.bytes().and_then(|bytes| Self::decode(&bytes).ok());
        element.ok_or(Error::Value("an ASN.1 element"))
    }
}

/// Another identifier octet over the same content.
fn retag(der: &mut Der, operation: &Operation) -> Result<(), Error> {
    let Operation::Set(value) = operation else {
        return Err(Error::operation(operation, "a tag"));
    };
    let octet = u8::try_from(value.int()?).map_err(|_| Error::Value("a number from 0 to 255"))?;
    der.tag = vec![octet];
    Ok(())
}

/// The element inside an explicit tag or an OCTET STRING.
fn wrapped(der: &mut Der) -> Option<&mut Der> {
    let is_explicit = der.tag.first().is_some_and(|first| first & 0xe0 == 0xa0);
    let is_wrapper = is_explicit || is_octet_string(der);
    match &mut der.content {
        Content::Constructed(items) if is_wrapper => match items.as_mut_slice() {
            [inner] => Some(inner),
            _ => None,
        },
        _ => None,
    }
}

fn is_octet_string(der: &Der) -> bool {
    der.tag == [tag::OCTET_STRING]
}

/// What the items of an element are called; none where only their numbers are
/// known.
fn names(items: &[Der]) -> Vec<String> {
    let tags: Vec<u8> = items.iter().filter_map(|item| item.tag.first().copied()).collect();
    let fixed: &[&str] = match tags.as_slice() {
        [tag::INTEGER, tag::INTEGER] => &["r", "s"],
        [0xa0, tag::INTEGER, tag::SEQUENCE, ..] => &[
            "version",
            "serial_number",
            "signature",
            "issuer",
            "validity",
            "subject",
            "subject_public_key_info",
            "extensions",
        ],
        [tag::UTC_TIME | tag::GENERALIZED_TIME, tag::UTC_TIME | tag::GENERALIZED_TIME] => {
            &["not_before", "not_after"]
        }
        [tag::OBJECT_IDENTIFIER, tag::BOOLEAN, tag::OCTET_STRING] => &["id", "critical", "value"],
        [tag::OBJECT_IDENTIFIER, tag::OCTET_STRING] => &["id", "value"],
        [tag::OBJECT_IDENTIFIER, tag::UTF8_STRING | tag::PRINTABLE_STRING] => &["type", "value"],
        [tag::SEQUENCE, tag::BIT_STRING] => &["algorithm", "subject_public_key"],
        _ => &[],
    };
    if !fixed.is_empty() {
        return fixed.iter().map(|name| (*name).to_owned()).collect();
    }
    let identifier = |item: &Der| item.items()?.first()?.as_oid();
    items.iter().map(identifier).collect::<Option<_>>().unwrap_or_default()
}

fn whole(der: &mut Der, operation: &Operation) -> Result<(), Error> {
    if is_octet_string(der) && der.items().is_some() {
        // The octets, not the element that they encode.
        let inside = der.items().unwrap_or_default().iter().flat_map(Der::render).collect();
        der.content = Content::Primitive(inside);
    }
    match (&mut der.content, operation) {
        // Four octets are more than any element here needs.
        (_, Operation::Encode(Encoding::NonMinimal)) => der.length = Length::Long(4),
        (_, Operation::Encode(Encoding::Indefinite)) => der.length = Length::Indefinite,
        (_, Operation::EncodeIn(group, form)) => {
            let number = der.as_unsigned().ok_or(Error::Value("a number of a signature"))?;
            *der = Der::unsigned(&group.encode(number, *form)?);
        }
        (Content::Primitive(bytes), Operation::Encode(Encoding::WithoutSign))
            if der.tag == [tag::INTEGER] =>
        {
            if let [0, 0x80..=0xff, ..] = bytes.as_slice() {
                bytes.remove(0);
            }
        }
        (Content::Primitive(bytes), Operation::Set(Value::Bool(value)))
            if der.tag == [tag::BOOLEAN] =>
        {
            *bytes = vec![if *value { 0xff } else { 0 }];
        }
        (Content::Constructed(_), Operation::Set(value)) => *der = Der::literal(value, None)?,
        (Content::Primitive(bytes), _) => octets(bytes, operation)?,
        (Content::Constructed(items), _) => container::items(items, operation)?,
    }
    Ok(())
}

/// An ECDSA signature as r ‖ s.
pub(super) fn p1363(der: &Der, group: Group) -> Option<Vec<u8>> {
    match der.items()? {
        [r, s] => {
            let wide = |number: &Der| group.widened(number.as_unsigned()?);
            Some([wide(r)?, wide(s)?].concat())
        }
        _ => None,
    }
}
