//! Texts, and the components of those that are origins.

use super::edit::kept;
use super::{Encoding, Error, Operation, Segment};
use crate::client::Origin;

/// A text under an operation, or a component of it.
pub(super) fn edit(
    text: &mut String,
    path: &[Segment],
    operation: &Operation,
) -> Result<(), Error> {
    match path {
        [] => whole(text, operation),
        // The origin of an app has no host: with one, it is that of a page.
        [Segment::Name(name)] if name == "host" && is_of_app(text) => {
            let Operation::Set(host) = operation else {
                return Err(Error::place(&Segment::Name(name.clone()), Vec::new()));
            };
            *text = format!("https://{}", host.text()?);
            Ok(())
        }
        [component] => {
            let mut origin = OriginParts::split(text)
                .ok_or_else(|| Error::place(component, vec!["a text that is no origin".into()]))?;
            origin.edit(component, operation)?;
            *text = origin.join();
            Ok(())
        }
        [_, below, ..] => Err(Error::place(below, Vec::new())),
    }
}

fn is_of_app(text: &str) -> bool {
    Origin::parse(text).is_ok_and(|origin| origin.is_app())
}

fn whole(text: &mut String, operation: &Operation) -> Result<(), Error> {
    match operation {
        Operation::Set(value) => *text = value.text()?,
        Operation::Append(value) => text.push_str(&value.text()?),
        Operation::Prepend(value) => text.insert_str(0, &value.text()?),
        Operation::Truncate(keep) => {
            let keep = kept(*keep, text.chars().count());
            *text = text.chars().take(keep).collect();
        }
        Operation::Encode(Encoding::UpperCase) => *text = text.to_uppercase(),
        Operation::Encode(Encoding::SwapCase) => {
            let swap = |c: char| -> String {
                if c.is_lowercase() {
                    c.to_uppercase().collect()
                } else {
                    c.to_lowercase().collect()
                }
            };
            *text = text.chars().map(swap).collect();
        }
        Operation::Encode(Encoding::Homograph) => {
            let double = |c| DOUBLES.iter().find(|(latin, _)| *latin == c);
            let first = text.char_indices().find_map(|(at, c)| Some((at, double(c)?)));
            let (at, (_, cyrillic)) = first.ok_or(Error::Value("a letter with a double"))?;
            text.replace_range(at..=at, cyrillic);
        }
        other => return Err(Error::operation(other, "a text")),
    }
    Ok(())
}

/// Letters that look alike in Latin and in Cyrillic.
const DOUBLES: [(char, &str); 6] =
    [('a', "а"), ('c', "с"), ('e', "е"), ('o', "о"), ('p', "р"), ('s', "ѕ")];

/// A serialised origin in its components, each as it is written.
struct OriginParts {
    scheme: String,
    host: String,
    port: Option<String>,
    tail: String,
}

const COMPONENTS: [&str; 4] = ["scheme", "host", "port", "path"];

impl OriginParts {
    fn split(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let (authority, tail) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.to_owned())),
            _ => (authority, None),
        };
        Some(Self { scheme: scheme.into(), host: host.into(), port, tail: tail.into() })
    }

    fn edit(&mut self, component: &Segment, operation: &Operation) -> Result<(), Error> {
        let Segment::Name(name) = component else {
            return Err(Error::place(component, COMPONENTS.map(String::from).to_vec()));
        };
        match (name.as_str(), operation) {
            ("scheme", _) => whole(&mut self.scheme, operation),
            ("host", _) => whole(&mut self.host, operation),
            ("path", _) => whole(&mut self.tail, operation),
            ("port", Operation::Remove) => {
                self.port = None;
                Ok(())
            }
            ("port", Operation::Set(value)) => {
                let port = value.int()?.to_string();
                // "Another port" must be another one, whichever is there.
                self.port = Some(if self.port.as_ref() == Some(&port) { "1".into() } else { port });
                Ok(())
            }
            ("port", other) => Err(Error::operation(other, "a port")),
            _ => Err(Error::place(component, COMPONENTS.map(String::from).to_vec())),
        }
    }

    fn join(&self) -> String {
        let port = self.port.as_ref().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{}{port}{}", self.scheme, self.host, self.tail)
    }
}
