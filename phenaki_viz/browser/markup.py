"""The elements of each panel, before it draws anything: for whichever host mounts it."""

MARKUP = {
    "attention_map": (
        "<div class='panel'><div class='filter' hidden></div><div class='row'><div class='plot'>"
        "<canvas class='base'></canvas><canvas class='top' tabindex='0' role='img'></canvas>"
        "</div><div class='side'><div class='legend'></div><div class='tools'></div></div>"
        "</div><div class='foot'><output class='said'></output></div>"
        "<span class='aloud' aria-live='polite'></span></div>"
    ),
    "figure": (
        "<div class='pv-card'><div class='pv-title'></div><div class='pv-figure'>"
        "<div class='pv-plot'></div><p class='pv-trouble' role='alert'></p></div>"
        "<div class='pv-notes'></div></div>"
    ),
    "film_strip": (
        "<div class='panel'><div class='head'><span class='title'></span>"
        "<div class='walk tools'></div><div class='own tools'></div></div>"
        "<div class='strip' tabindex='0' role='img'></div><div class='foot'>"
        "<output class='said'></output><div class='legend'></div></div>"
        "<span class='aloud' aria-live='polite'></span></div>"
    ),
    "guide": (
        "<div class='panel guide'><div class='corner'></div>"
        "<section class='stop' aria-label='Tour' hidden></section>"
        "<dialog aria-label='Keys, words and a tour'></dialog></div>"
    ),
    "head_grid": (
        "<div class='panel'><canvas tabindex='0' role='img'></canvas><div class='foot'>"
        "<output class='said'></output><div class='tools'></div></div>"
        "<span class='aloud' aria-live='polite'></span></div>"
    ),
    "page": "<span hidden></span>",
    "pinned_maps": (
        "<div class='panel'><div class='maps'></div><div class='foot'><output class='said'>"
        "</output><div class='legend'></div></div><span class='aloud' aria-live='polite'>"
        "</span></div>"
    ),
    "said": "<div class='panel pv-said'></div>",
    "sampling_player": (
        "<div class='panel'><p class='at'></p>"
        "<div class='head'><button class='play' aria-label='Play'></button>"
        "<input class='scrub' type='range' min='0' step='1' aria-label='Decoding step'>"
        "<div class='tools'></div></div>"
        "<div class='strip' tabindex='0' role='img'></div><div class='foot'>"
        "<output class='said'></output><div class='legend'></div></div>"
        "<span class='aloud' aria-live='polite'></span></div>"
    ),
    "shared": "<span hidden></span>",
    "word_table": "<div class='panel'><table></table></div>",
}
