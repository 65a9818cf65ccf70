"""Drainage: which works to build first under a budget, why these, and what if the weights or the money were others."""

from pages.common import cached, controls, frame, panels, rules_form, works_list, works_map, works_parts, works_view

_ = frame.open_page("drainage")
with frame.told(_):
    data = cached.dataset()
    panels.stop_if_empty(_, data)
    works_view.stop_without_projects(_, data)
    money = rules_form.money_first()
    scope = controls.place(_, data)
    panels.stop_without_cells(_, data, scope)
    head = works_view.head()
    asked = rules_form.asked(_, data, scope, money, head.rules)
    found = works_view.answer(_, data, scope, asked, head)
    if found is not None:
        chosen = controls.cell(data, scope)
        with head.first:
            works_view.first(_, data, scope, found)
        left, right = head.middle.columns([11, 14], gap="small")
        with left, works_view.bordered():
            works_map.draw(_, data, scope, found, chosen)
        with right, works_view.bordered():
            works_list.draw(_, data, scope, found, chosen)
        with works_view.bordered():
            works_parts.draw(_, data, scope, found)
        works_parts.handed_out(_, data, scope, found)
    panels.footer(_, data)
