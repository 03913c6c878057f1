"""Cue words per language: the small words that carry, turn round or weaken what a sentence says.

Lists are lower case and closed on purpose. A language that is missing from a table has no cues: whoever asks must then
say nothing rather than guess.
"""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """The words of ``text`` as a set: lists read better in running lines than one word a line."""
    return frozenset(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines() if line.strip())


#: Words without content of their own. Negations, quantities, comparisons and modal verbs are left out on purpose.
FUNCTION_WORDS: dict[str, frozenset[str]] = {
    "en": word_set(
        "a an the this that these those such it its he him his she her hers they them their theirs we us our ours you "
        "your i me my mine who whom whose which what where when why how there here and or but nor so as at by for from "
        "in into of off on onto to toward towards upon with within via per than then is are was were be been being am "
        "'s s has have had having do does did done doing will shall also too very just even both while since during "
        "through throughout between among along across about around against because although though however therefore "
        "itself himself herself themselves one's else ever yet still already well quite rather"
    ),
    "de": word_set(
        "der die das den dem des ein eine einer eines einem einen und oder aber sondern denn doch "
        "als wie so zu zum zur "
        "in im ins an am ans auf aufs aus bei beim mit nach von vom für um durch gegen ohne über unter vor hinter "
        "neben zwischen seit während wegen trotz bis ist sind war waren sei seien wäre wären gewesen bin bist sein "
        "seine seiner seines seinem seinen ihr ihre ihrer ihres ihrem ihren unser unsere unserer unseres unserem "
        "unseren euer eure mein meine meiner meines meinem meinen dein deine er sie es wir ihn ihm "
        "uns euch ich du mich "
        "dich sich man hat haben hatte hatten habe gehabt wird werden wurde wurden worden geworden werde dass daß wenn "
        "weil da dort hier wo was wer wen wem wessen welche welcher welches welchem welchen dieser diese dieses diesem "
        "diesen jener jene jenes jenem jenen derer deren dessen denen auch noch schon ja nun dann damit dafür dabei "
        "daher darin daran darauf davon dazu jedoch bereits eben etwa sehr selbst sowie beziehungsweise indem obwohl "
        "damals hin her also tun tut tat getan"
    ),
    "fr": word_set(
        "le la les l un une des du de d au aux et ou mais donc car que qu qui quoi dont où ce cet cette ces c il elle "
        "ils elles on nous vous je tu se s son sa ses leur leurs notre nos votre vos mon ma mes lui y en à dans par "
        "pour sur sous avec chez vers entre est sont était étaient être été a ont avait avaient avoir eu fut furent "
        "comme si aussi très bien"
    ),
    "es": word_set(
        "el la los las un una unos unas de del a al y e o u pero que quien cuyo donde cuando como en "
        "con por para sobre "
        "entre hacia desde hasta es son era eran ser sido fue fueron está están estaba ha han había haber se su sus lo "
        "le les me te nos mi tu este esta estos estas ese esa eso muy también"
    ),
    "it": word_set(
        "il lo la i gli le l un uno una di del dello della dei degli delle a al allo alla ai agli "
        "alle da dal dalla dai "
        "in nel nella nei nelle con su sul sulla per tra fra e ed o ma che chi cui dove quando come è sono era erano "
        "essere stato stata stati fu furono ha hanno aveva avere si suo sua suoi sue loro questo questa quello molto "
        "anche"
    ),
    "nl": word_set(
        "de het een en of maar want dat die dit deze wie wat waar hoe als in op aan van voor met door bij uit naar om "
        "over onder tussen tot is zijn was waren wordt worden werd werden geweest heeft hebben had "
        "hadden er hij zij ze "
        "hem haar hun hen wij we ons ik je u zich te ook zeer heel al nog"
    ),
    "pt": word_set(
        "o a os as um uma uns umas de do da dos das em no na nos nas por pelo pela para com sobre entre e ou mas que "
        "quem cujo onde quando como é são era eram ser sido foi foram está tem têm tinha haver se seu sua seus suas "
        "este esta esse essa isso muito também"
    ),
}

#: One of these turns a statement into its opposite. "no" and "kein" count; prefixes (un-, in-) do not.
NEGATIONS: dict[str, frozenset[str]] = {
    "en": word_set(
        "not no never none neither nor nobody nothing nowhere cannot can't won't isn't aren't wasn't weren't doesn't "
        "don't didn't hasn't haven't hadn't couldn't wouldn't shouldn't mustn't"
    ),
    "de": word_set(
        "nicht kein keine keiner keines keinem keinen nie niemals niemand niemanden niemandem nichts nirgends weder "
        "keinesfalls keineswegs keinerlei mitnichten"
    ),
    "fr": word_set("ne n pas jamais aucun aucune rien personne ni sans nullement"),
    "es": word_set("no nunca jamás ningún ninguno ninguna nada nadie ni sin tampoco"),
    "it": word_set("non mai nessun nessuno nessuna niente nulla né senza neppure nemmeno"),
    "nl": word_set("niet geen nooit niemand niets nergens noch zonder evenmin"),
    "pt": word_set("não nunca jamais nenhum nenhuma nada ninguém nem sem tampouco"),
}

#: Half a negation, or one in a verb: what is meant is not sure enough to rest a verdict on.
DENIALS: dict[str, frozenset[str]] = {
    "en": word_set(
        "without fail fails failed failing refuse refuses refused refusing deny denies denied "
        "denying lack lacks lacked "
        "lacking unable false falsely untrue hardly barely scarcely incapable decline declined declines turned-down "
        "reject rejects rejected prevent prevents prevented avoid avoided cancel cancelled canceled abandoned stopped "
        "ceased instead wrong wrongly mistaken mistakenly erroneously contrary"
    ),
    "de": word_set(
        "ohne kaum falsch fälschlich unwahr verweigert verweigerte verweigerten abgelehnt verhindert verhinderte "
        "verhinderten abgesagt scheiterte gescheitert aufgegeben unterließ vermied statt anstatt irrtümlich entgegen "
        "mitgerechnet"
    ),
}

#: French says one negation in two words: these do not count beside a second one.
NEGATION_PARTICLES: dict[str, frozenset[str]] = {"fr": word_set("ne n")}

#: The speaker does not vouch for the statement: possible, planned, conditional, doubted.
HEDGES: dict[str, frozenset[str]] = {
    "en": word_set(
        "may might could would should can must possibly perhaps probably likely unlikely potentially reportedly "
        "allegedly supposedly apparently presumably purportedly rumored rumoured alleged supposed "
        "seem seems seemed appear appears appeared suggest suggests suggested suggesting plan plans planned planning "
        "intend intends intended expect expects expected propose proposes proposed consider considers considered "
        "considering hope hopes hoped aim aims aimed threaten threatens threatened if whether unless hypothesis "
        "hypothesize hypothesized hypothesise hypothetical unclear unknown will shall going want wants wanted "
        "attempt attempts attempted try tries tried potential doubt doubts doubtful speculate speculated investigate "
        "investigated yet"
    ),
    "de": word_set(
        "könnte könnten kann können dürfte dürften sollte sollten soll sollen müsste müssten muss müssen mag mögen "
        "möglicherweise vielleicht wahrscheinlich vermutlich wohl offenbar anscheinend angeblich mutmaßlich "
        "mutmaßliche mutmaßlichen mutmaßlicher scheint scheinen schien schienen plant planen plante planten geplant "
        "geplante geplanten "
        "beabsichtigt beabsichtigte erwägt erwog erwartet erwarten erwartete hofft hoffte droht drohte will wollen "
        "wollte wollten falls wenn ob sofern würde würden hätte hätten wäre wären sei seien habe unklar unbekannt "
        "versucht versuchte versuchten voraussichtlich vorgeschlagen vorgeschlagene möglich mögliche denkbar zweifel"
    ),
    "fr": word_set(
        "peut peuvent pourrait pourraient devrait devraient peut-être probablement si serait seraient aurait"
    ),
    "es": word_set("puede pueden podría podrían debería deberían quizás quizá probablemente si sería serían habría"),
    "it": word_set(
        "può possono potrebbe potrebbero dovrebbe dovrebbero forse probabilmente se sarebbe sarebbero avrebbe"
    ),
    "nl": word_set("kan kunnen zou zouden misschien waarschijnlijk mogelijk vermoedelijk indien als"),
    "pt": word_set("pode podem poderia poderiam deveria deveriam talvez provavelmente se seria seriam teria"),
}

#: Somebody else says it: the sentence shows that it was said, not that it is so.
ATTRIBUTIONS: dict[str, frozenset[str]] = {
    "en": word_set(
        "said says say saying told tells tell claim claims claimed claiming according argue argues argued believe "
        "believes believed think thinks thought assert asserts asserted allege alleges alleged accuse accuses accused "
        "report reports reported declare declares declared announce announces announced state states stated myth "
        "hoax rumor rumors rumour rumours joke joked pretend pretended insist insists insisted suspect suspected "
        "deny denied fictional fictitious fiction novel"
    ),
    "de": word_set(
        "sagte sagt sagen sagten erklärte erklärt erklärten behauptet behauptete behaupten behaupteten behauptung laut "
        "zufolge meint meinte glaubt glaubte glauben berichtet berichtete berichten berichteten bericht gerücht "
        "gerüchte mythos angaben ankündigte angekündigt kündigte wirft warf vorwurf bestreitet bestritt betonte betont "
        "fiktiv fiktive fiktiven erfunden erfundene"
    ),
}

#: How much of a thing is meant. A source that has one of these where the claim has not says less, or something else.
WEAKENERS: dict[str, frozenset[str]] = {
    "en": word_set(
        "some several few many most part partly partially almost nearly mostly mainly largely generally usually "
        "often sometimes rarely seldom occasionally half former formerly ex vice deputy acting interim candidate "
        "nominee nominated so-called fake alternate only except excluding unlike instead least certain parts "
        "assistant honorary would-be originally initially temporarily briefly until no-longer once"
    ),
    "de": word_set(
        "einige einigen einiger manche manchen mancher mehrere mehreren wenige wenigen viele vielen meisten teil teile "
        "teils teilweise fast beinahe nahezu größtenteils meist meistens überwiegend hauptsächlich gewöhnlich oft "
        "manchmal selten gelegentlich hälfte ehemalige ehemaliger ehemaligen ehemals frühere früherer früheren früher "
        "ex vize stellvertretende stellvertretender stellvertreter kandidat kandidatin nominiert sogenannte "
        "sogenannten sogenannter nur außer ausgenommen statt anstelle ursprünglich zunächst vorübergehend kurzzeitig "
        "bestimmte bestimmten einst"
    ),
}

#: Words that must be in the source in the same form of strength, because the claim stands or falls with them.
SCOPE: dict[str, frozenset[str]] = {
    "en": word_set(
        "all every each always only solely exclusively any both entire whole most least first last best worst largest "
        "biggest smallest highest lowest oldest youngest longest shortest more less fewer before after over "
        "under above below same different single sole until except again"
    ),
    "de": word_set(
        "alle aller allen alles jeder jede jedes jedem jeden immer nur ausschließlich allein beide beiden ganze ganzen "
        "gesamte gesamten meisten wenigsten erste erster ersten erstes erstmals letzte letzter letzten letztes beste "
        "größte größter größten kleinste kleinsten höchste höchsten niedrigste älteste ältesten jüngste längste "
        "mehr weniger bevor nachdem vorher nachher derselbe dieselbe dasselbe einzige einziger einzigen erneut wieder"
    ),
}

#: Words that look at the same thing from opposite ends; two stems of one pair are never the same statement.
OPPOSITES: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("rise grow climb increase gain surge jump soar expand up more higher upward upregulate elevate", 
            "fall drop decline decrease sink shrink plunge lose loss down fewer less lower reduce "
            "downward downregulate diminish"),
        ("win beat defeat victory succeed", "lose loss fail failure"),
        ("open", "close shut"),
        ("begin start launch commence", "end stop finish cease halt"),
        (
            "accept approve agree allow permit legalise legalize adopt",
            "reject refuse deny ban prohibit forbid oppose block veto",
        ),
        ("before prior precede", "after following follow subsequent"),
        ("more over above exceed maximum most", "less fewer under below least minimum"),
        ("join enter", "leave quit exit withdraw"),
        ("first earliest", "last final latest"),
        ("high tall", "low short"),
        ("large big great", "small little tiny"),
        ("old", "new young"),
        ("north northern", "south southern"),
        ("east eastern", "west western"),
        ("import", "export"),
        ("buy purchase acquire", "sell"),
        ("alive living", "dead die"),
        ("male man boy father son husband brother", "female woman girl mother daughter wife sister"),
        ("guilty convict", "innocent acquit"),
        ("cause activate promote induce enhance stimulate", "prevent inhibit suppress block protect"),
        ("true", "false"),
        ("possible able", "impossible unable incapable"),
        ("majority", "minority"),
        ("public", "private"),
        ("always", "never"),
        ("strong strengthen", "weak weaken"),
        ("best", "worst"),
        ("positive", "negative"),
        ("include", "exclude"),
        ("arrive", "depart"),
        ("arrest", "release"),
        ("left", "right"),
    ),
    "de": (
        (
            "steigen stieg gestiegen anstieg zunehmen zunahm zugenommen wachsen wuchs gewachsen erhöhen "
            "erhöht zulegen anheben mehr höher anstieg zuwachs", 
            "sinken sank gesunken fallen fiel gefallen abnehmen abnahm abgenommen schrumpfen geschrumpft "
            "senken gesenkt verringern weniger niedriger rückgang zurückgehen zurückgegangen"),
        (
            "gewinnen gewann gewonnen siegen gesiegt sieg schlagen schlug",
            "verlieren verlor verloren unterliegen unterlag niederlage",
        ),
        ("öffnen eröffnen geöffnet eröffnet", "schließen schloss geschlossen"),
        (
            "beginnen begann begonnen anfangen starten gestartet",
            "enden endete beenden beendet aufhören stoppen gestoppt",
        ),
        (
            "annehmen annahm angenommen zustimmen zugestimmt billigen gebilligt erlauben erlaubt "
            "genehmigen genehmigt",
            "ablehnen ablehnte abgelehnt verbieten verbot verboten verweigern verweigert untersagen",
        ),
        ("vor vorher bevor", "nach nachher nachdem"),
        ("mehr über mindestens", "weniger unter höchstens"),
        ("beitreten beitrat beigetreten eintreten", "austreten ausgetreten verlassen verließ"),
        ("erste ersten erster erstes", "letzte letzten letzter letztes"),
        ("hoch hohe hohen", "niedrig niedrige niedrigen"),
        ("groß große großen größte größten", "klein kleine kleinen kleinste kleinsten"),
        ("alt alte alten älteste", "neu neue neuen jung junge jüngste"),
        ("norden nördlich", "süden südlich"),
        ("osten östlich", "westen westlich"),
        ("import importieren einfuhr", "export exportieren ausfuhr"),
        ("kaufen kaufte gekauft", "verkaufen verkaufte verkauft"),
        ("leben lebend lebendig", "tot sterben gestorben"),
        ("mann vater sohn bruder", "frau mutter tochter schwester"),
        ("schuldig verurteilt", "unschuldig freigesprochen"),
        ("mehrheit", "minderheit"),
        ("öffentlich", "privat"),
        ("immer", "nie niemals"),
        ("stark stärker", "schwach schwächer"),
        ("verhaftet festgenommen", "freigelassen"),
        ("links", "rechts"),
        ("ja", "nein"),
        ("einführen einführung eingeführt", "abschaffen abschaffung abgeschafft"),
    ),
}  # fmt: skip

#: How a number is meant: "about", "more than", "less than". Read directly before the number.
APPROXIMATE: dict[str, tuple[str, ...]] = {
    "en": _phrases(
        "about\naround\nroughly\napproximately\nsome\nalmost\nnearly\nclose to\nc.\nca.\ncirca\nan estimated"
    ),
    "de": _phrases(
        "rund\netwa\nungefähr\nca.\ncirca\nzirka\nknapp\nfast\nbeinahe\nnahezu\nan die\ngut\nschätzungsweise"
    ),
    "fr": _phrases("environ\nprès de\npresque\nquelque"),
    "es": _phrases("unos\nunas\ncerca de\ncasi\naproximadamente\nalrededor de"),
    "it": _phrases("circa\nquasi\nintorno a\napprossimativamente"),
    "nl": _phrases("ongeveer\nbijna\nrond\ncirca\nca."),
    "pt": _phrases("cerca de\nquase\naproximadamente\nuns\numas"),
}
AT_LEAST: dict[str, tuple[str, ...]] = {
    "en": _phrases(
        "more than\nover\nat least\nabove\ngreater than\nno less than\nno fewer than\nminimum of\nexceeding"
    ),
    "de": _phrases("mehr als\nüber\nmindestens\nwenigstens\nnicht weniger als\noberhalb von"),
    "fr": _phrases("plus de\nau moins"),
    "es": _phrases("más de\nal menos\npor lo menos"),
    "it": _phrases("più di\noltre\nalmeno"),
    "nl": _phrases("meer dan\nminstens\nten minste\nruim"),
    "pt": _phrases("mais de\npelo menos"),
}
AT_MOST: dict[str, tuple[str, ...]] = {
    "en": _phrases("less than\nfewer than\nunder\nat most\nbelow\nno more than\nup to\nmaximum of"),
    "de": _phrases("weniger als\nunter\nhöchstens\nmaximal\nnicht mehr als\nbis zu"),
    "fr": _phrases("moins de\nau plus\njusqu'à"),
    "es": _phrases("menos de\ncomo máximo\nhasta"),
    "it": _phrases("meno di\nal massimo\nfino a"),
    "nl": _phrases("minder dan\nhoogstens\ntot"),
    "pt": _phrases("menos de\nno máximo\naté"),
}

#: Verbs of things that happen once: another date for one of these is another story.
ONE_TIME_EVENTS: dict[str, frozenset[str]] = {
    "en": word_set(
        "born die died death birth found founded founding establish established create created form formed released "
        "release premiered premiere debuted debut joined join signed sign opened open launched launch published "
        "publish assassinated assassinate murdered discovered discover invented invent built build completed "
        "inaugurated introduced abolished married dissolved incorporated ratified adopted annexed reunified landed "
        "launched splashed touched erupted crashed exploded sank elected appointed resigned invaded declared decided "
        "approved acquired bombed collapsed"
    ),
    "de": word_set(
        "geboren gestorben starb gegründet gründete gründung geburt tod unterzeichnet unterzeichnete unterzeichneten "
        "eröffnet eröffnete veröffentlicht veröffentlichte erschien erschienen ermordet entdeckt entdeckte erfunden "
        "erfand gebaut erbaut fertiggestellt eingeweiht eingeführt abgeschafft heiratete aufgelöst ratifiziert "
        "verabschiedet annektiert beigetreten trat beitritt wiedervereinigt uraufgeführt stattfand "
        "landete gelandet startete "
        "gestartet entschied beschloss beschlossen gewählt ernannt explodierte abgestürzt stürzte "
        "gesunken ausgebrochen "
        "brach marschierte zurückgetreten übernahm kaufte einführte führte"
    ),
}

#: Relations that one thing has with one other: a different name there is a contradiction, not an addition.
ONE_TO_ONE: dict[str, frozenset[str]] = {
    "en": word_set("capital born died"),
    "de": word_set("hauptstadt geboren gestorben starb"),
}
