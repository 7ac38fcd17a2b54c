//! What functions take and give: cel-go's standard library and Kubernetes' own.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::types::Type;

/// One way to call a function.
pub(super) struct Signature {
    /// Called on its first parameter.
    pub(super) member: bool,
    pub(super) parameters: Vec<Type>,
    pub(super) result: Type,
}

/// `name: (parameters) result`, several divided by `|`; `target.(parameters) result` for methods.
const TABLE: &str = "
_?_:_: (bool;A;A) A
_&&_: (bool;bool) bool
_||_: (bool;bool) bool
!_: (bool) bool
@not_strictly_false: (bool) bool
-_: (int) int | (double) double
_==_: (A;A) bool
_!=_: (A;A) bool
_+_: (int;int) int | (uint;uint) uint | (double;double) double | (string;string) string | (bytes;bytes) bytes | (list(A);list(A)) list(A) | (duration;duration) duration | (timestamp;duration) timestamp | (duration;timestamp) timestamp
_-_: (int;int) int | (uint;uint) uint | (double;double) double | (duration;duration) duration | (timestamp;duration) timestamp | (timestamp;timestamp) duration
_*_: (int;int) int | (uint;uint) uint | (double;double) double
_/_: (int;int) int | (uint;uint) uint | (double;double) double
_%_: (int;int) int | (uint;uint) uint
@in: (A;list(A)) bool | (A;map(A,B)) bool
_[_]: (list(A);int) A | (map(A,B);A) B | (optional(list(A));int) optional(A) | (optional(map(A,B));A) optional(B)
_[?_]: (list(A);int) optional(A) | (map(A,B);A) optional(B)
size: (string) int | (bytes) int | (list(A)) int | (map(A,B)) int | string.() int | bytes.() int | list(A).() int | map(A,B).() int
contains: string.(string) bool
endsWith: string.(string) bool
startsWith: string.(string) bool
matches: string.(string) bool | (string;string) bool
type: (A) type
dyn: (A) dyn
bool: (bool) bool | (string) bool
bytes: (bytes) bytes | (string) bytes
double: (double) double | (int) double | (string) double | (uint) double
int: (int) int | (double) int | (string) int | (timestamp) int | (uint) int
uint: (uint) uint | (double) uint | (int) uint | (string) uint
string: (string) string | (bool) string | (bytes) string | (double) string | (duration) string | (int) string | (timestamp) string | (uint) string | (net.IP) string | (net.CIDR) string
duration: (duration) duration | (string) duration | (int) duration
timestamp: (timestamp) timestamp | (string) timestamp | (int) timestamp
getFullYear: timestamp.() int | timestamp.(string) int
getMonth: timestamp.() int | timestamp.(string) int
getDayOfYear: timestamp.() int | timestamp.(string) int
getDayOfMonth: timestamp.() int | timestamp.(string) int
getDate: timestamp.() int | timestamp.(string) int
getDayOfWeek: timestamp.() int | timestamp.(string) int
getHours: timestamp.() int | timestamp.(string) int | duration.() int
getMinutes: timestamp.() int | timestamp.(string) int | duration.() int
getSeconds: timestamp.() int | timestamp.(string) int | duration.() int
getMilliseconds: timestamp.() int | timestamp.(string) int | duration.() int
charAt: string.(int) string
format: string.(list(dyn)) string
indexOf: string.(string) int | string.(string;int) int | list(A).(A) int
join: list(string).() string | list(string).(string) string
lastIndexOf: string.(string) int | string.(string;int) int | list(A).(A) int
lowerAscii: string.() string
upperAscii: string.() string
replace: string.(string;string) string | string.(string;string;int) string
reverse: string.() string
split: string.(string) list(string) | string.(string;int) list(string)
substring: string.(int) string | string.(int;int) string
trim: string.() string
strings.quote: (string) string
isSorted: list(int).() bool | list(double).() bool | list(bool).() bool | list(string).() bool | list(duration).() bool | list(timestamp).() bool
sum: list(int).() int | list(uint).() uint | list(double).() double | list(duration).() duration
min: list(int).() int | list(double).() double | list(bool).() bool | list(string).() string | list(duration).() duration | list(timestamp).() timestamp
max: list(int).() int | list(double).() double | list(bool).() bool | list(string).() string | list(duration).() duration | list(timestamp).() timestamp
slice: list(A).(int;int) list(A)
flatten: list(A).() list(dyn) | list(A).(int) list(dyn)
distinct: list(A).() list(A)
sort: list(A).() list(A)
lists.range: (int) list(int)
find: string.(string) string
findAll: string.(string) list(string) | string.(string;int) list(string)
url: (string) kubernetes.URL
isURL: (string) bool
getScheme: kubernetes.URL.() string
getHost: kubernetes.URL.() string
getHostname: kubernetes.URL.() string
getPort: kubernetes.URL.() string
getEscapedPath: kubernetes.URL.() string
getQuery: kubernetes.URL.() map(string,list(string))
quantity: (string) kubernetes.Quantity
isQuantity: (string) bool
sign: kubernetes.Quantity.() int
isInteger: kubernetes.Quantity.() bool
asInteger: kubernetes.Quantity.() int
asApproximateFloat: kubernetes.Quantity.() double
add: kubernetes.Quantity.(kubernetes.Quantity) kubernetes.Quantity | kubernetes.Quantity.(int) kubernetes.Quantity
sub: kubernetes.Quantity.(kubernetes.Quantity) kubernetes.Quantity | kubernetes.Quantity.(int) kubernetes.Quantity
isLessThan: kubernetes.Quantity.(kubernetes.Quantity) bool | kubernetes.Semver.(kubernetes.Semver) bool
isGreaterThan: kubernetes.Quantity.(kubernetes.Quantity) bool | kubernetes.Semver.(kubernetes.Semver) bool
compareTo: kubernetes.Quantity.(kubernetes.Quantity) int | kubernetes.Semver.(kubernetes.Semver) int
ip: (string) net.IP | net.CIDR.() net.IP
isIP: (string) bool
ip.isCanonical: (string) bool
family: net.IP.() int
isUnspecified: net.IP.() bool
isLoopback: net.IP.() bool
isLinkLocalMulticast: net.IP.() bool
isLinkLocalUnicast: net.IP.() bool
isGlobalUnicast: net.IP.() bool
cidr: (string) net.CIDR
isCIDR: (string) bool
containsIP: net.CIDR.(net.IP) bool | net.CIDR.(string) bool
containsCIDR: net.CIDR.(net.CIDR) bool | net.CIDR.(string) bool
prefixLength: net.CIDR.() int
masked: net.CIDR.() net.CIDR
sets.contains: (list(A);list(A)) bool
sets.equivalent: (list(A);list(A)) bool
sets.intersects: (list(A);list(A)) bool
optional.none: () optional(A)
optional.of: (A) optional(A)
optional.ofNonZeroValue: (A) optional(A)
hasValue: optional(A).() bool
value: optional(A).() A
or: optional(A).(optional(A)) optional(A)
orValue: optional(A).(A) A
format.named: (string) optional(kubernetes.NamedFormat)
validate: kubernetes.NamedFormat.(string) optional(list(string))
jsonpatch.escapeKey: (string) string
semver: (string) kubernetes.Semver
isSemver: (string) bool
path: kubernetes.authorization.Authorizer.(string) kubernetes.authorization.PathCheck
group: kubernetes.authorization.Authorizer.(string) kubernetes.authorization.GroupCheck
serviceAccount: kubernetes.authorization.Authorizer.(string;string) kubernetes.authorization.Authorizer
resource: kubernetes.authorization.GroupCheck.(string) kubernetes.authorization.ResourceCheck
subresource: kubernetes.authorization.ResourceCheck.(string) kubernetes.authorization.ResourceCheck
namespace: kubernetes.authorization.ResourceCheck.(string) kubernetes.authorization.ResourceCheck
name: kubernetes.authorization.ResourceCheck.(string) kubernetes.authorization.ResourceCheck
fieldSelector: kubernetes.authorization.ResourceCheck.(string) kubernetes.authorization.ResourceCheck
labelSelector: kubernetes.authorization.ResourceCheck.(string) kubernetes.authorization.ResourceCheck
check: kubernetes.authorization.PathCheck.(string) kubernetes.authorization.Decision | kubernetes.authorization.ResourceCheck.(string) kubernetes.authorization.Decision
allowed: kubernetes.authorization.Decision.() bool
reason: kubernetes.authorization.Decision.() string
errored: kubernetes.authorization.Decision.() bool
error: kubernetes.authorization.Decision.() string
";

/// Formats that have a function each: `format.dns1123Label()`.
const FORMATS: &[&str] = &[
    "byte",
    "date",
    "datetime",
    "dns1035Label",
    "dns1035LabelPrefix",
    "dns1123Label",
    "dns1123LabelPrefix",
    "dns1123Subdomain",
    "dns1123SubdomainPrefix",
    "labelValue",
    "qualifiedName",
    "uri",
    "uuid",
];

static ALL: LazyLock<BTreeMap<String, Vec<Signature>>> = LazyLock::new(read);

/// The ways to call a function; `None` for one that is not there.
pub(super) fn of(name: &str) -> Option<&'static [Signature]> {
    ALL.get(name).map(Vec::as_slice)
}

fn read() -> BTreeMap<String, Vec<Signature>> {
    let mut all = BTreeMap::new();
    for line in TABLE.lines() {
        let Some((name, ways)) = line.split_once(": ") else { continue };
        all.insert(name.to_owned(), ways.split(" | ").map(signature).collect());
    }
    // Numbers of all kinds compare with each other, the rest with its like.
    let numbers = ["int", "uint", "double"];
    for name in ["_<_", "_<=_", "_>_", "_>=_"] {
        let mixed = numbers.iter().flat_map(|a| numbers.iter().map(move |b| format!("({a};{b}) bool")));
        let alike =
            ["bool", "string", "bytes", "timestamp", "duration"].map(|it| format!("({it};{it}) bool"));
        all.insert(name.to_owned(), mixed.chain(alike).map(|it| signature(&it)).collect());
    }
    for name in FORMATS {
        all.insert(format!("format.{name}"), vec![signature("() kubernetes.NamedFormat")]);
    }
    all
}

fn signature(text: &str) -> Signature {
    let (call, result) = text.rsplit_once(' ').unwrap_or((text, "dyn"));
    let (target, arguments) = match call.rsplit_once(".(") {
        Some((target, arguments)) => (Some(target), arguments),
        None => (None, call.strip_prefix('(').unwrap_or(call)),
    };
    let arguments = arguments.strip_suffix(')').unwrap_or(arguments);
    let arguments = arguments.split(';').filter(|it| !it.is_empty());
    Signature {
        member: target.is_some(),
        parameters: target.into_iter().chain(arguments).map(Type::spelled).collect(),
        result: Type::spelled(result),
    }
}
