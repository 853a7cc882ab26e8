import pytest

from backend.guides.pictures import Picture
from backend.guides.render import links_in, render


def test_script_in_markdown_is_shown_as_text() -> None:
    html = render("说<script>alert(1)</script>完", ()).html

    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "https://example.com", "data:text/html,x", "//example.com"]
)
def test_a_link_leads_to_another_guide_and_nowhere_else(target: str) -> None:
    rendered = render(f"[点这里]({target})", ())

    assert "<a" not in rendered.html
    assert links_in(f"[点这里]({target})") == ()


def test_a_link_opens_the_page_on_the_web_and_the_screen_in_the_app() -> None:
    rendered = render("看[睡眠](guide:shuimian)。", {"shuimian"})

    assert '<a href="/g/shuimian">睡眠</a>' in rendered.html
    [paragraph] = rendered.nodes
    assert paragraph["children"][1] == {
        "name": "a",
        "attrs": {"href": "/pages/guide/guide?slug=shuimian"},
        "children": [{"type": "text", "text": "睡眠"}],
    }


def test_nodes_hold_headings_lists_and_strong_words() -> None:
    nodes = render("## 先怎么做\n\n- 看**精神**\n- 喂奶\n", ()).nodes

    assert nodes == [
        {
            "name": "h2",
            "attrs": {},
            "children": [{"type": "text", "text": "先怎么做"}],
        },
        {
            "name": "ul",
            "attrs": {},
            "children": [
                {
                    "name": "li",
                    "attrs": {},
                    "children": [
                        {"type": "text", "text": "看"},
                        {
                            "name": "strong",
                            "attrs": {},
                            "children": [{"type": "text", "text": "精神"}],
                        },
                    ],
                },
                {
                    "name": "li",
                    "attrs": {},
                    "children": [{"type": "text", "text": "喂奶"}],
                },
            ],
        },
    ]


def test_tables_reach_the_app_too() -> None:
    nodes = render("| 月龄 | 次数 |\n| --- | --- |\n| 小 | 多 |\n", ()).nodes

    assert [node["name"] for node in nodes] == ["table"]
    assert [part["name"] for part in nodes[0]["children"]] == ["thead", "tbody"]


PICTURE = Picture("bowl", "一碗", "一碗<饭>", 345, 200, b"<svg/>", b"<svg/>")


def test_a_picture_comes_with_its_words_and_one_for_the_night() -> None:
    rendered = render("前\n\n![](picture:bowl)\n\n后\n", (), {"bowl": PICTURE})

    assert 'src="/g/picture/bowl.svg" alt="一碗&lt;饭&gt;"' in rendered.html
    assert 'srcset="/g/picture/bowl-dark.svg"' in rendered.html
    assert rendered.html.startswith("<p>前</p>")
    assert [block["kind"] for block in rendered.blocks] == ["text", "picture", "text"]
    assert rendered.blocks[1]["alt"] == "一碗<饭>"
    assert rendered.pictures == ("bowl",)


@pytest.mark.parametrize("text", ["![图](guide:x)", "![](picture:bowl)", "![](https://a.b/c.png)"])
def test_pictures_that_are_not_ours_or_not_drawn_are_left_out(text: str) -> None:
    rendered = render(text, {"x"})

    assert "<img" not in rendered.html
    assert [block for block in rendered.blocks if block["kind"] == "picture"] == []


def test_links_lead_to_recipes_and_to_pages_too() -> None:
    rendered = render("[粥](recipe:zhou)、[母婴室](page:nursing-rooms)", {"zhou"})

    assert '<a href="/g/zhou">粥</a>' in rendered.html
    assert '<a href="/g/nursing-rooms">母婴室</a>' in rendered.html
    links = [node["attrs"]["href"] for node in rendered.nodes[0]["children"] if "name" in node]
    assert links == ["/pages/recipe/recipe?slug=zhou", "/pages/rooms/rooms"]


def test_headings_part_the_blocks_so_that_a_phone_can_scroll_to_them() -> None:
    blocks = render("开头\n\n## 先怎么做\n\n做\n\n再做\n\n## 求助\n\n问\n", ()).blocks

    assert [block["kind"] for block in blocks] == ["text", "heading", "text", "heading", "text"]
    assert blocks[1] == {"kind": "heading", "id": "s1", "level": 2, "text": "先怎么做"}
    assert len(blocks[2]["nodes"]) == 2


def test_headings_can_be_jumped_to() -> None:
    rendered = render("## 一\n\n字\n\n### 二\n", ())

    assert [(h.id, h.level, h.text) for h in rendered.headings] == [
        ("s1", 2, "一"),
        ("s2", 3, "二"),
    ]
    assert '<h2 id="s1">' in rendered.html


def test_the_plain_text_is_what_a_reader_sees() -> None:
    assert render("## 题\n\n看**精神**，[再看](guide:x)。\n", {"x"}).text == "题\n看精神，再看。"
