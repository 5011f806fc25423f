"""Who asks, what a route needs of them, and what of the store they see.

Every route states its rule with `needs`; `Gate` finds out who asks; the rule admits or refuses;
`view_of` narrows every session of the request to the rows they may see.
"""

from api.access.asked import deed_of
from api.access.principal import ANYONE, LOCAL, ROLES, SCOPES, Grant, Principal, Role, principal_of
from api.access.rules import RULES, Rule, needs

__all__ = [
    "ANYONE",
    "LOCAL",
    "ROLES",
    "RULES",
    "SCOPES",
    "Grant",
    "Principal",
    "Role",
    "Rule",
    "deed_of",
    "needs",
    "principal_of",
]
