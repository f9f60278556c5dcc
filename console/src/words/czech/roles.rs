//! Roles of a shop's own.

/// English, Czech.
pub(super) static TEXTS: &[(&str, &str)] = &[
    ("A role needs a name.", "Role potřebuje jméno."),
    ("All data, taken out", "Všechna data, vyvezená"),
    ("Back to the roles, changing nothing", "Zpět na role, beze změny"),
    ("End the role {}", "Ukončit roli {}"),
    ("End this role", "Ukončit tuto roli"),
    (
        "Give them another role first; take open invitations to it back.",
        "Dejte jim nejdřív jinou roli; otevřené pozvánky do ní vezměte zpět.",
    ),
    (
        "It allows what you may not do yourself, so you can neither change nor end it.",
        "Dovoluje, co sami nesmíte, takže ji nemůžete změnit ani ukončit.",
    ),
    ("Make the role", "Vytvořit roli"),
    ("Name, for ever (a-z, 0-9, - and _)", "Jméno, navždy (a-z, 0-9, - a _)"),
    ("New role", "Nová role"),
    ("People who were forgotten", "Zapomenutí lidé"),
    ("Role {}", "Role {}"),
    ("Save the role", "Uložit roli"),
    (
        "The role {} can be given no longer. Nobody has it.",
        "Roli {} už nepůjde dát. Nikdo ji nemá.",
    ),
    ("The role {} is changed, at once for: {}", "Role {} se změní, hned pro: {}"),
    ("The role {} is changed. Nobody has it now.", "Role {} se změní. Teď ji nikdo nemá."),
    ("The role {} is made. Nobody has it yet.", "Role {} vznikne. Zatím ji nikdo nemá."),
    (
        "The roles below come with the program. One of your own is made of the same permissions, for what none of them fits.",
        "Role níže jsou v programu. Vlastní se skládá ze stejných oprávnění, pro to, na co žádná z nich nesedí.",
    ),
    ("The shop and its accounts", "Obchod a jeho účty"),
    ("There is a role {} already.", "Role {} už existuje."),
    ("To all roles", "Na všechny role"),
    ("To the role {}", "Na roli {}"),
    (
        "What it may do: no more than is needed, and no more than you may.",
        "Co smí: jen to, co je potřeba, a nic, co nesmíte vy.",
    ),
];
