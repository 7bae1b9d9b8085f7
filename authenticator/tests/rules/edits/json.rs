//! Edits of JSON, and of the origins in it.

use passrig_authenticator::wire::{Json, Tree};
use passrig_authenticator::workbench::Stage;

use super::{table, text};

/// A table over a JSON object of these members.
fn json<const N: usize>(members: [(&str, Json); N], edits: &str) -> String {
    table(Stage::ClientData, &Tree::Json(Json::object(members)), text, edits)
}

#[test]
fn json_objects() {
    let on = |edits| json([("a", Json::text("x")), ("camelCase", Json::Null)], edits);
    insta::assert_snapshot!(on(r#"
        . set = "x"
        . set = { json = '{"a":1,"a":2}' }
        . remove = true
        . rename = "x"
        . append = "}"
        . append = { member = "new", value = 1 }
        . prepend = { hex = "efbbbf" }
        . prepend = { member = "new", value = { json = "[null]" } }
        . truncate = 9
        . truncate = -1
        . duplicate = 1
        . reorder = true
        . flip = true
        . encode = "spaced"
        . encode = "escaped"
        . encode = "base64"
        camel_case set = 1
        camelCase remove = true
        camelcase remove = true
    "#), @r#"
    . set = "x" → "x"
    . set = { json = '{"a":1,"a":2}' } → {"a":1,"a":2}
    . remove = true → (`remove` does not apply to an object)
    . rename = "x" → (`rename` does not apply to an object)
    . append = "}" → {"a":"x","camelCase":null}}
    . append = { member = "new", value = 1 } → {"a":"x","camelCase":null,"new":1}
    . prepend = { hex = "efbbbf" } → ⟨BOM⟩{"a":"x","camelCase":null}
    . prepend = { member = "new", value = { json = "[null]" } } → {"new":[null],"a":"x","camelCase":null}
    . truncate = 9 → {"a":"x",
    . truncate = -1 → {"a":"x","camelCase":null
    . duplicate = 1 → (`duplicate` does not apply to an object)
    . reorder = true → {"camelCase":null,"a":"x"}
    . flip = true → (`flip` does not apply to an object)
    . encode = "spaced" → {"a": "x", "camelCase": null}
    . encode = "escaped" → {"\u0061":"\u0078","\u0063\u0061\u006d\u0065\u006c\u0043\u0061\u0073\u0065":null}
    . encode = "base64" → (`encode` does not apply to an object)
    camel_case set = 1 → {"a":"x","camelCase":1}
    camelCase remove = true → {"a":"x"}
    camelcase remove = true → (there is no `camelcase` at client_data)
    "#);
}

#[test]
fn json_texts() {
    let on = |edits| json([("text", Json::text("aB"))], edits);
    insta::assert_snapshot!(on(r#"
        text set = "x"
        text set = 7
        text set = true
        text set = { hex = "c3a9" }
        text set = { hex = "ff" }
        text remove = true
        text rename = "Text"
        text append = "c"
        text prepend = "c"
        text truncate = 1
        text duplicate = "z"
        text reorder = true
        text flip = true
        text encode = "upper-case"
        text encode = "swap-case"
        text encode = "homograph"
        text encode = "escaped"
        text encode = "non-minimal"
    "#), @r#"
    text set = "x" → {"text":"x"}
    text set = 7 → {"text":7}
    text set = true → {"text":true}
    text set = { hex = "c3a9" } → {"text":"é"}
    text set = { hex = "ff" } → (the value does not fit: a text is needed here)
    text remove = true → {}
    text rename = "Text" → {"Text":"aB"}
    text append = "c" → {"text":"aBc"}
    text prepend = "c" → {"text":"caB"}
    text truncate = 1 → {"text":"a"}
    text duplicate = "z" → {"text":"aB","text":"z"}
    text reorder = true → (`reorder` does not apply to a text)
    text flip = true → (`flip` does not apply to a text)
    text encode = "upper-case" → {"text":"AB"}
    text encode = "swap-case" → {"text":"Ab"}
    text encode = "homograph" → {"text":"аB"}
    text encode = "escaped" → {"text":"\u0061\u0042"}
    text encode = "non-minimal" → (`encode` does not apply to a text)
    "#);
}

#[test]
fn json_binaries() {
    let on = |edits| json([("binary", Json::binary([0xfb, 0xff]))], edits);
    insta::assert_snapshot!(on(r#"
        binary set = { hex = "00" }
        binary set = "AA"
        binary append = { hex = "00" }
        binary prepend = { base64url = "AA" }
        binary truncate = 1
        binary flip = true
        binary duplicate = { hex = "00" }
        binary encode = "base64"
        binary encode = "base64url-padded"
        binary encode = "trailing-bits"
        binary encode = "base64url-twice"
        binary encode = "octets"
        binary encode = "characters"
        binary encode = "upper-case"
        binary.text encode = "swap-case"
        binary.text append = "="
        binary.text truncate = -1
    "#), @r#"
    binary set = { hex = "00" } → {"binary":"AA"}
    binary set = "AA" → {"binary":"AA"}
    binary append = { hex = "00" } → {"binary":"-_8A"}
    binary prepend = { base64url = "AA" } → {"binary":"APv_"}
    binary truncate = 1 → {"binary":"-w"}
    binary flip = true → {"binary":"-_4"}
    binary duplicate = { hex = "00" } → {"binary":"-_8","binary":"AA"}
    binary encode = "base64" → {"binary":"+/8"}
    binary encode = "base64url-padded" → {"binary":"-_8="}
    binary encode = "trailing-bits" → {"binary":"-_9"}
    binary encode = "base64url-twice" → {"binary":"LV84"}
    binary encode = "octets" → {"binary":[251,255]}
    binary encode = "characters" → {"binary":[45,95,56]}
    binary encode = "upper-case" → (`encode` does not apply to octets)
    binary.text encode = "swap-case" → (nothing changed)
    binary.text append = "=" → {"binary":"-_8="}
    binary.text truncate = -1 → {"binary":"-_"}
    "#);
}

#[test]
fn json_scalars() {
    let on = |edits| json([("yes", Json::Bool(true)), ("number", Json::Number(1.into()))], edits);
    insta::assert_snapshot!(on(r#"
        yes set = false
        yes set = true
        yes flip = true
        yes append = "x"
        number set = -1
        number flip = true
    "#), @r#"
    yes set = false → {"yes":false,"number":1}
    yes set = true → (nothing changed)
    yes flip = true → {"yes":false,"number":1}
    yes append = "x" → (`append` does not apply to true or false)
    number set = -1 → {"yes":true,"number":-1}
    number flip = true → (`flip` does not apply to a number)
    "#);
}

#[test]
fn json_lists() {
    let on = |edits| json([("list", Json::Array(vec![Json::text("x"), Json::Bool(false)]))], edits);
    insta::assert_snapshot!(on(r#"
        list append = 1
        list prepend = "y"
        list truncate = -1
        list reorder = true
        list flip = true
        list remove = true
        list[0] set = "y"
        list[0] remove = true
        list[0] rename = "y"
        list[0] duplicate = "y"
        list[1] flip = true
        list[2] remove = true
    "#), @r#"
    list append = 1 → {"list":["x",false,1]}
    list prepend = "y" → {"list":["y","x",false]}
    list truncate = -1 → {"list":["x"]}
    list reorder = true → {"list":[false,"x"]}
    list flip = true → (`flip` does not apply to a list)
    list remove = true → {}
    list[0] set = "y" → {"list":["y",false]}
    list[0] remove = true → {"list":[false]}
    list[0] rename = "y" → (`rename` does not apply to an item of a list)
    list[0] duplicate = "y" → {"list":["x","y",false]}
    list[1] flip = true → {"list":["x",true]}
    list[2] remove = true → (there is no `[2]` at client_data.list)
    "#);
}

#[test]
fn origins() {
    let on = |origin: &str, edits| json([("origin", Json::text(origin))], edits);
    insta::assert_snapshot!(on("https://a.test:8443", r#"
        origin.scheme set = "http"
        origin.host set = "b.test"
        origin.host prepend = "sub."
        origin.host append = "."
        origin.host encode = "upper-case"
        origin.host remove = true
        origin.port set = 1234
        origin.port set = 8443
        origin.port set = "x"
        origin.port remove = true
        origin.port append = "0"
        origin.path set = "/login"
        origin.path append = "/"
        origin.user set = "x"
        origin[0] set = "x"
        origin.host.tld set = "x"
    "#), @r#"
    origin.scheme set = "http" → {"origin":"http://a.test:8443"}
    origin.host set = "b.test" → {"origin":"https://b.test:8443"}
    origin.host prepend = "sub." → {"origin":"https://sub.a.test:8443"}
    origin.host append = "." → {"origin":"https://a.test.:8443"}
    origin.host encode = "upper-case" → {"origin":"https://A.TEST:8443"}
    origin.host remove = true → (`remove` does not apply to a text)
    origin.port set = 1234 → {"origin":"https://a.test:1234"}
    origin.port set = 8443 → {"origin":"https://a.test:1"}
    origin.port set = "x" → (the value does not fit: a number is needed here)
    origin.port remove = true → {"origin":"https://a.test"}
    origin.port append = "0" → (`append` does not apply to a port)
    origin.path set = "/login" → {"origin":"https://a.test:8443/login"}
    origin.path append = "/" → {"origin":"https://a.test:8443/"}
    origin.user set = "x" → (there is no `user` at client_data.origin)
    origin[0] set = "x" → (there is no `[0]` at client_data.origin)
    origin.host.tld set = "x" → (there is no `tld` at client_data.origin)
    "#);
    insta::assert_snapshot!(on("https://a.test", r#"
        origin.port set = 8443
        origin.port remove = true
        origin.host set = "[::1]"
    "#), @r#"
    origin.port set = 8443 → {"origin":"https://a.test:8443"}
    origin.port remove = true → (nothing changed)
    origin.host set = "[::1]" → {"origin":"https://[::1]"}
    "#);
    insta::assert_snapshot!(on("http://[::1]:8080", r#"
        origin.host set = "[::2]"
        origin.port set = 81
        origin.port remove = true
    "#), @r#"
    origin.host set = "[::2]" → {"origin":"http://[::2]:8080"}
    origin.port set = 81 → {"origin":"http://[::1]:81"}
    origin.port remove = true → {"origin":"http://[::1]"}
    "#);
    insta::assert_snapshot!(on("http://[::1]", r#"
        origin.host append = "0"
        origin.port set = 81
        origin.port remove = true
    "#), @r#"
    origin.host append = "0" → {"origin":"http://[::1]0"}
    origin.port set = 81 → {"origin":"http://[::1]:81"}
    origin.port remove = true → (nothing changed)
    "#);
    insta::assert_snapshot!(on("ios:bundle-id:abc", r#"
        origin.host set = "x.test"
        origin.host append = "x"
        origin.port set = 81
        origin append = "d"
    "#), @r#"
    origin.host set = "x.test" → {"origin":"https://x.test"}
    origin.host append = "x" → (there is no `host` at client_data.origin)
    origin.port set = 81 → (there is no `port` at client_data.origin)
    origin append = "d" → {"origin":"ios:bundle-id:abcd"}
    "#);
}
