//! `json!`, which writes trees as they look, and what may stand in it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::{Key, Map, Number, Value};

/// A tree written as JSON; what is not JSON is an expression that [`ToJson`] knows.
macro_rules! json {
    (null) => { $crate::apimachinery::json::Value::Null };
    ([ $($items:tt)* ]) => {{
        #[allow(clippy::vec_init_then_push, reason = "an item may be any expression, so they are pushed one by one")]
        let items = {
            #[allow(unused_mut, reason = "a list may be empty")]
            let mut items = ::std::vec::Vec::new();
            $crate::apimachinery::json::json!(@items items $($items)*);
            items
        };
        $crate::apimachinery::json::Value::Array($crate::apimachinery::json::List::from(items))
    }};
    ({ $($entries:tt)* }) => {{
        #[allow(clippy::vec_init_then_push, reason = "a value may be any expression, so they are pushed one by one")]
        let entries = {
            #[allow(unused_mut, reason = "a map may be empty")]
            let mut entries = ::std::vec::Vec::new();
            $crate::apimachinery::json::json!(@key entries () $($entries)*);
            entries
        };
        $crate::apimachinery::json::Value::Object($crate::apimachinery::json::Map::from(entries))
    }};

    (@items $list:ident) => {};
    (@items $list:ident null $(, $($rest:tt)*)?) => {
        $list.push($crate::apimachinery::json::Value::Null);
        $crate::apimachinery::json::json!(@items $list $($($rest)*)?);
    };
    (@items $list:ident [ $($inner:tt)* ] $(, $($rest:tt)*)?) => {
        $list.push($crate::apimachinery::json::json!([ $($inner)* ]));
        $crate::apimachinery::json::json!(@items $list $($($rest)*)?);
    };
    (@items $list:ident { $($inner:tt)* } $(, $($rest:tt)*)?) => {
        $list.push($crate::apimachinery::json::json!({ $($inner)* }));
        $crate::apimachinery::json::json!(@items $list $($($rest)*)?);
    };
    (@items $list:ident $item:expr $(, $($rest:tt)*)?) => {
        $list.push($crate::apimachinery::json::json!($item));
        $crate::apimachinery::json::json!(@items $list $($($rest)*)?);
    };

    (@key $map:ident ()) => {};
    (@key $map:ident () $key:literal : $($rest:tt)*) => {
        $crate::apimachinery::json::json!(@value $map ($key) $($rest)*);
    };
    (@key $map:ident ($($key:tt)+) : $($rest:tt)*) => {
        $crate::apimachinery::json::json!(@value $map ($($key)+) $($rest)*);
    };
    (@key $map:ident ($($key:tt)*) $next:tt $($rest:tt)*) => {
        $crate::apimachinery::json::json!(@key $map ($($key)* $next) $($rest)*);
    };

    (@value $map:ident ($($key:tt)+) null $(, $($rest:tt)*)?) => {
        $map.push(($crate::apimachinery::json::Key::from($($key)+), $crate::apimachinery::json::Value::Null));
        $crate::apimachinery::json::json!(@key $map () $($($rest)*)?);
    };
    (@value $map:ident ($($key:tt)+) [ $($inner:tt)* ] $(, $($rest:tt)*)?) => {
        $map.push(($crate::apimachinery::json::Key::from($($key)+), $crate::apimachinery::json::json!([ $($inner)* ])));
        $crate::apimachinery::json::json!(@key $map () $($($rest)*)?);
    };
    (@value $map:ident ($($key:tt)+) { $($inner:tt)* } $(, $($rest:tt)*)?) => {
        $map.push(($crate::apimachinery::json::Key::from($($key)+), $crate::apimachinery::json::json!({ $($inner)* })));
        $crate::apimachinery::json::json!(@key $map () $($($rest)*)?);
    };
    (@value $map:ident ($($key:tt)+) $value:expr $(, $($rest:tt)*)?) => {
        $map.push(($crate::apimachinery::json::Key::from($($key)+), $crate::apimachinery::json::json!($value)));
        $crate::apimachinery::json::json!(@key $map () $($($rest)*)?);
    };

    ($value:expr) => { $crate::apimachinery::json::ToJson::to_json(&$value) };
}

pub(crate) use json;

/// What has a JSON value.
pub trait ToJson {
    /// The value; a tree is shared, not copied.
    fn to_json(&self) -> Value;
}

impl ToJson for Value {
    fn to_json(&self) -> Value {
        self.clone()
    }
}

impl ToJson for Map {
    fn to_json(&self) -> Value {
        Value::Object(self.clone())
    }
}

impl ToJson for str {
    fn to_json(&self) -> Value {
        Value::String(self.into())
    }
}

impl ToJson for String {
    fn to_json(&self) -> Value {
        Value::String(self.into())
    }
}

impl ToJson for Key {
    fn to_json(&self) -> Value {
        Value::String(self.clone())
    }
}

impl ToJson for Cow<'_, str> {
    fn to_json(&self) -> Value {
        Value::String(self.as_ref().into())
    }
}

impl ToJson for () {
    fn to_json(&self) -> Value {
        Value::Null
    }
}

macro_rules! copied {
    ($($type:ty)*) => { $(impl ToJson for $type {
        fn to_json(&self) -> Value {
            Value::from(*self)
        }
    })* };
}

copied! { bool u8 u16 u32 u64 usize i8 i16 i32 i64 isize f32 f64 }

impl ToJson for Number {
    fn to_json(&self) -> Value {
        Value::Number(self.clone())
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn to_json(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToJson::to_json)
    }
}

impl<T: ToJson> ToJson for [T] {
    fn to_json(&self) -> Value {
        Value::Array(self.iter().map(ToJson::to_json).collect())
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn to_json(&self) -> Value {
        self.as_slice().to_json()
    }
}

impl<T: ToJson, const N: usize> ToJson for [T; N] {
    fn to_json(&self) -> Value {
        self.as_slice().to_json()
    }
}

impl<T: ToJson> ToJson for BTreeSet<T> {
    fn to_json(&self) -> Value {
        Value::Array(self.iter().map(ToJson::to_json).collect())
    }
}

impl<K: AsRef<str>, V: ToJson> ToJson for BTreeMap<K, V> {
    fn to_json(&self) -> Value {
        Value::Object(self.iter().map(|(key, value)| (Key::from(key.as_ref()), value.to_json())).collect())
    }
}

macro_rules! pointed_at {
    ($($pointer:ty)*) => { $(impl<T: ToJson + ?Sized> ToJson for $pointer {
        fn to_json(&self) -> Value {
            (**self).to_json()
        }
    })* };
}

pointed_at! { &T &mut T Box<T> Arc<T> Rc<T> }

#[cfg(test)]
mod tests {
    #[test]
    fn trees_are_written_as_they_look() {
        let name = "web";
        let key = String::from("app");
        let tree = json!({
            "z": [1, -2, 2.5, true, null, [], {}, name, [name.len() + 1]],
            (key): Some(name),
            "none": None::<String>,
            "nested": {"a": {"b": vec!["c"]}},
            name: name.is_empty(),
        });
        let expected = r#"{"app":"web","nested":{"a":{"b":["c"]}},"none":null,"web":false,"z":[1,-2,2.5,true,null,[],{},"web",[4]]}"#;
        assert_eq!(tree.to_string(), expected);
        assert_eq!(
            [json!(null), json!("x"), json!([]), json!({})].map(|it| it.to_string()),
            ["null", "\"x\"", "[]", "{}"]
        );
    }
}
