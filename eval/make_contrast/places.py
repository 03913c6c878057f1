"""Countries and cities by their German and English names: two of one kind that neither holds the other."""

from __future__ import annotations

from typing import Literal

PlaceKind = Literal["country", "city"]

_COUNTRIES = """
Germany Deutschland; France Frankreich; Italy Italien; Spain Spanien; Portugal Portugal; Austria Österreich;
Belgium Belgien; Denmark Dänemark; Sweden Schweden; Norway Norwegen; Finland Finnland; Poland Polen; Hungary Ungarn;
Romania Rumänien; Bulgaria Bulgarien; Greece Griechenland; Croatia Kroatien; Serbia Serbien; Slovenia Slowenien;
Albania Albanien; Russia Russland; Estonia Estland; Latvia Lettland; Lithuania Litauen; Ireland Irland; Iceland Island;
Japan Japan; China China; India Indien; Pakistan Pakistan; Indonesia Indonesien; Vietnam Vietnam; Thailand Thailand;
Egypt Ägypten; Morocco Marokko; Nigeria Nigeria; Kenya Kenia; Ethiopia Äthiopien; Ghana Ghana; Australia Australien;
Canada Kanada; Mexico Mexiko; Brazil Brasilien; Argentina Argentinien; Chile Chile; Peru Peru; Colombia Kolumbien;
Israel Israel; Jordan Jordanien; Cuba Kuba; Scotland Schottland; Wales Wales
"""
_CITIES = """
Berlin Berlin; Hamburg Hamburg; Munich München; Cologne Köln; Frankfurt Frankfurt; Stuttgart Stuttgart;
Dresden Dresden; Leipzig Leipzig; Hanover Hannover; Nuremberg Nürnberg; Bremen Bremen; Düsseldorf Düsseldorf;
Vienna Wien; Graz Graz; Salzburg Salzburg; Zurich Zürich; Geneva Genf; Basel Basel; Bern Bern; Paris Paris; Lyon Lyon;
Marseille Marseille; Strasbourg Straßburg; London London; Manchester Manchester; Birmingham Birmingham;
Edinburgh Edinburgh; Glasgow Glasgow; Newcastle Newcastle; Dublin Dublin; Brussels Brüssel; Antwerp Antwerpen;
Amsterdam Amsterdam; Rotterdam Rotterdam; Copenhagen Kopenhagen; Stockholm Stockholm; Oslo Oslo; Helsinki Helsinki;
Warsaw Warschau; Kraków Krakau; Prague Prag; Budapest Budapest; Bucharest Bukarest; Sofia Sofia; Belgrade Belgrad;
Zagreb Zagreb; Athens Athen; Rome Rom; Milan Mailand; Venice Venedig; Florence Florenz; Naples Neapel; Turin Turin;
Madrid Madrid; Barcelona Barcelona; Seville Sevilla; Lisbon Lissabon; Porto Porto; Moscow Moskau; Kyiv Kiew;
Minsk Minsk; Riga Riga; Vilnius Vilnius; Tallinn Tallinn; Istanbul Istanbul; Ankara Ankara; Jerusalem Jerusalem;
Cairo Kairo; Baghdad Bagdad; Tehran Teheran; Nairobi Nairobi; Lagos Lagos; Tokyo Tokio; Beijing Peking;
Shanghai Shanghai; Seoul Seoul; Delhi Delhi; Mumbai Mumbai; Sydney Sydney; Melbourne Melbourne; Toronto Toronto;
Montreal Montreal; Vancouver Vancouver; Chicago Chicago; Boston Boston; Philadelphia Philadelphia; Houston Houston;
Dallas Dallas; Miami Miami; Seattle Seattle; Denver Denver; Detroit Detroit; Atlanta Atlanta; Jacksonville Jacksonville
"""


def _table(text: str, column: int) -> tuple[str, ...]:
    return tuple(pair.split()[column] for pair in text.split(";"))


PLACES: dict[str, dict[PlaceKind, tuple[str, ...]]] = {
    "en": {"country": _table(_COUNTRIES, 0), "city": _table(_CITIES, 0)},
    "de": {"country": _table(_COUNTRIES, 1), "city": _table(_CITIES, 1)},
}
