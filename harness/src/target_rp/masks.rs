//! Texts about a page, without the secrets of the user.

use percent_encoding::percent_decode_str;
use url::Url;

use super::inputs;
use super::redact::{self, Secrets};

/// The deepest that a URL is looked for within a parameter of another.
const LEVELS: usize = 3;

/// The secrets that the user supplied with the URL of a page and with variables. Without them, the
/// secrets are still masked whose places say that they are.
#[derive(Clone, Debug, Default)]
pub struct Masks(Secrets);

impl Masks {
    /// The secrets of this URL, and these variables.
    pub fn of(url: &Url, variables: &[(String, String)]) -> Self {
        let mut secrets = Secrets::default();
        // A user that stands alone is a token.
        let password = url.password().unwrap_or(url.username());
        secrets.give(password);
        secrets.give(&decoded(password));
        let mut text = url.to_string();
        for _ in 0..LEVELS {
            redact::learn_url(&text, &mut secrets);
            text = decoded(&text);
        }
        for (name, value) in variables {
            if name == "password" {
                secrets.add(value);
            } else if !inputs::is_public(name) {
                secrets.give(value);
            }
        }
        Self(secrets)
    }

    /// A text that the user wrote, such as the URL of the page.
    pub fn of_user(&self, text: &str) -> String {
        redact::url(text, &self.0)
    }

    /// A text of the browser or of the page: its URLs are those to which answers led.
    pub fn of_page(&self, text: &str) -> String {
        redact::redirect(text, &self.0)
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_a_url_are_masked_wherever_they_are() {
        let url = "http://ann:it's%40home@localhost:1/x?access_token=abc123secret&next=%2Fy%3Ftoken%3Dinner77#id_token=frag,ment";
        let url = Url::parse(url).unwrap();
        let masks = Masks::of(&url, &[("pin".to_owned(), "914077".to_owned())]);
        assert_eq!(
            masks.of_user(url.as_str()),
            "http://ann:[masked]@localhost:1/x?access_token=[masked]&next=%2Fy%3Ftoken%3D[masked]#id_token=[masked]"
        );
        let text = "it's@home abc123secret inner77 frag,ment 914077 /x?code=1 ann";
        assert_eq!(
            masks.of_page(text),
            "[masked] [masked] [masked] [masked] [masked] /x?code=[masked] ann"
        );
        let url = Url::parse("http://t0ken99@localhost/").unwrap();
        assert_eq!(Masks::of(&url, &[]).of_page("t0ken99"), "[masked]");
    }
}
