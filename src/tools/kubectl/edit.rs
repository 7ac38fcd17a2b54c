//! `kubectl edit`.

use super::{Builder, Ctx, Done};

/// `create --edit`.
pub(super) async fn before_create(ctx: &mut Ctx<'_>, _builder: Builder) -> Done {
    ctx.not_simulated("kubectl create --edit")
}
