# ruff: noqa: RUF001 - these letters are meant
"""Names of months and weekdays as pages write them, in lower case and without accents.

From CLDR (wide and abbreviated, as in dates and alone), and what is common beside it. A month is
a group of names with `|` between them; the order is January to December.
"""

from __future__ import annotations

from typing import Final

MONTHS: Final = {
    "bg": (
        "януари|яну февруари|фев март април|апр маи юни юли август|авг септември|сеп октомври|окт "
        "ноември|ное декември|дек"
    ),
    "ca": (
        "gener|gen febrer|febr marc abril|abr maig juny juliol|jul agost|ag setembre|set "
        "octubre|oct novembre|nov desembre|des"
    ),
    "cs": (
        "ledna|leden|led unora|unor|uno brezna|brezen|bre dubna|duben|dub kvetna|kveten|kve "
        "cervna|cerven|cvn cervence|cervenec|cvc srpna|srpen|srp zari|zar rijna|rijen|rij "
        "listopadu|listopad|lis prosince|prosinec|pro"
    ),
    "da": (
        "januar|jan februar|feb marts|mar april|apr maj juni|jun juli|jul august|aug "
        "september|sep oktober|okt november|nov december|dec"
    ),
    "de": (
        "januar|jan|janner|jaenner februar|feb|feber marz|mar|maerz|mrz april|apr mai juni|jun "
        "juli|jul august|aug september|sept|sep oktober|okt november|nov dezember|dez"
    ),
    "el": (
        "ιανουαριου|ιανουαριοσ|ιαν φεβρουαριου|φεβρουαριοσ|φεβ μαρτιου|μαρτιοσ|μαρ "
        "απριλιου|απριλιοσ|απρ μαιου|μαιοσ|μαι ιουνιου|ιουνιοσ|ιουν ιουλιου|ιουλιοσ|ιουλ "
        "αυγουστου|αυγουστοσ|αυγ σεπτεμβριου|σεπτεμβριοσ|σεπ οκτωβριου|οκτωβριοσ|οκτ "
        "νοεμβριου|νοεμβριοσ|νοε δεκεμβριου|δεκεμβριοσ|δεκ"
    ),
    "en": (
        "january|jan february|feb march|mar april|apr may june|jun july|jul august|aug "
        "september|sep|sept october|oct november|nov december|dec"
    ),
    "es": (
        "enero|ene febrero|feb marzo|mar abril|abr mayo|may junio|jun julio|jul agosto|ago "
        "septiembre|sept|set|setiembre octubre|oct noviembre|nov diciembre|dic"
    ),
    "et": (
        "jaanuar|jaan veebruar|veebr marts aprill|apr mai juuni juuli august|aug september|sept "
        "oktoober|okt november|nov detsember|dets"
    ),
    "fi": (
        "tammikuuta|tammikuu|tammi helmikuuta|helmikuu|helmi maaliskuuta|maaliskuu|maalis "
        "huhtikuuta|huhtikuu|huhti toukokuuta|toukokuu|touko kesakuuta|kesakuu|kesa "
        "heinakuuta|heinakuu|heina elokuuta|elokuu|elo syyskuuta|syyskuu|syys "
        "lokakuuta|lokakuu|loka marraskuuta|marraskuu|marras joulukuuta|joulukuu|joulu"
    ),
    "fr": (
        "janvier|janv|jan fevrier|fevr|fev|feb mars avril|avr mai juin juillet|juil|jul aout "
        "septembre|sept octobre|oct novembre|nov decembre|dec"
    ),
    "hr": (
        "sijecnja|sijecanj|sij veljace|veljaca|velj ozujka|ozujak|ozu travnja|travanj|tra "
        "svibnja|svibanj|svi lipnja|lipanj|lip srpnja|srpanj|srp kolovoza|kolovoz|kol "
        "rujna|rujan|ruj listopada|listopad|lis studenoga|studeni|stu prosinca|prosinac|pro"
    ),
    "hu": (
        "januar|jan februar|febr marcius|marc aprilis|apr majus|maj junius|jun julius|jul "
        "augusztus|aug szeptember|szept oktober|okt november|nov december|dec"
    ),
    "it": (
        "gennaio|gen febbraio|feb marzo|mar aprile|apr maggio|mag giugno|giu luglio|lug "
        "agosto|ago settembre|set|sett ottobre|ott novembre|nov dicembre|dic"
    ),
    "lt": (
        "sausio|sausis|saus vasario|vasaris|vas kovo|kovas|kov balandzio|balandis|bal "
        "geguzes|geguze|geg birzelio|birzelis|birz liepos|liepa|liep rugpjucio|rugpjutis|rugp "
        "rugsejo|rugsejis|rugs spalio|spalis|spal lapkricio|lapkritis|lapkr "
        "gruodzio|gruodis|gruod"
    ),
    "lv": (
        "janvaris|janv februaris|febr marts aprilis|apr maijs junijs|jun julijs|jul augusts|aug "
        "septembris|sept oktobris|okt novembris|nov decembris|dec"
    ),
    "nb": (
        "januar|jan februar|feb mars|mar april|apr mai juni|jun juli|jul august|aug september|sep "
        "oktober|okt november|nov desember|des"
    ),
    "nl": (
        "januari|jan februari|feb maart|mrt|mar april|apr mei juni|jun juli|jul augustus|aug "
        "september|sep oktober|okt november|nov december|dec"
    ),
    "pl": (
        "stycznia|styczen|sty lutego|luty|lut marca|marzec|mar kwietnia|kwiecien|kwi maja|maj "
        "czerwca|czerwiec|cze lipca|lipiec|lip sierpnia|sierpien|sie wrzesnia|wrzesien|wrz "
        "pazdziernika|pazdziernik|paz listopada|listopad|lis grudnia|grudzien|gru"
    ),
    "pt": (
        "janeiro|jan fevereiro|fev marco|mar abril|abr maio|mai junho|jun julho|jul agosto|ago "
        "setembro|set outubro|out novembro|nov dezembro|dez"
    ),
    "ro": (
        "ianuarie|ian februarie|feb martie|mar aprilie|apr mai iunie|iun iulie|iul august|aug "
        "septembrie|sept|sep octombrie|oct noiembrie|nov decembrie|dec"
    ),
    "ru": (
        "января|январь|янв февраля|февраль|февр|фев марта|март|мар апреля|апрель|апр мая|маи "
        "июня|июнь|июн июля|июль|июл августа|август|авг сентября|сентябрь|сент|сен "
        "октября|октябрь|окт ноября|ноябрь|нояб|ноя декабря|декабрь|дек"
    ),
    "sk": (
        "januara|januar|jan februara|februar|feb marca|marec|mar aprila|april|apr maja|maj "
        "juna|jun jula|jul augusta|august|aug septembra|september|sep oktobra|oktober|okt "
        "novembra|november|nov decembra|december|dec"
    ),
    "sl": (
        "januar|jan februar|feb marec|mar april|apr maj junij|jun julij|jul avgust|avg "
        "september|sep oktober|okt november|nov december|dec"
    ),
    "sv": (
        "januari|jan februari|feb mars|mar april|apr maj juni|jun juli|jul augusti|aug "
        "september|sep oktober|okt november|nov december|dec"
    ),
    "tr": (
        "ocak|oca subat|sub mart|mar nisan|nis mayis|may haziran|haz temmuz|tem agustos|agu "
        "eylul|eyl ekim|eki kasim|kas aralik|ara"
    ),
    "uk": (
        "січня|січень|січ лютого|лютии|лют березня|березень|бер квітня|квітень|квіт "
        "травня|травень|трав червня|червень|черв липня|липень|лип серпня|серпень|серп "
        "вересня|вересень|вер жовтня|жовтень|жовт листопада|листопад|лист грудня|грудень|груд"
    ),
}

WEEKDAYS: Final = {
    "bg": "понеделник пн вторник вт сряда ср четвъртък чт петък пт събота сб неделя нд",
    "ca": "dilluns dl dimarts dt dimecres dc dijous dj divendres dv dissabte ds diumenge dg",
    "cs": "pondeli po utery ut streda st ctvrtek ct patek pa sobota so nedele ne",
    "da": (
        "mandag man ma tirsdag tirs ti onsdag ons on torsdag tors to fredag fre fr lørdag lør lø "
        "søndag søn sø"
    ),
    "de": "montag mo dienstag di mittwoch mi donnerstag do freitag fr samstag sa sonntag so",
    "el": (
        "δευτερα δευ δε τριτη τρι τρ τεταρτη τετ τε πεμπτη πεμ πε παρασκευη παρ πα σαββατο σαβ σα "
        "κυριακη κυρ κυ"
    ),
    "en": (
        "monday mon mo tuesday tue tu wednesday wed we thursday thu th friday fri fr saturday sat "
        "sa sunday sun su tues wednes weds thur thurs"
    ),
    "es": (
        "lunes lun lu martes mar ma miercoles mie mi jueves jue ju viernes vie vi sabado sab sa "
        "domingo dom do"
    ),
    "et": "esmaspaev e teisipaev t kolmapaev k neljapaev n reede r laupaev l puhapaev p",
    "fi": (
        "maanantaina maanantai ma tiistaina tiistai ti keskiviikkona keskiviikko ke torstaina "
        "torstai to perjantaina perjantai pe lauantaina lauantai la sunnuntaina sunnuntai su"
    ),
    "fr": (
        "lundi lun lu mardi mar ma mercredi mer me jeudi jeu je vendredi ven ve samedi sam sa "
        "dimanche dim di"
    ),
    "hr": ("ponedjeljak pon utorak uto srijeda sri cetvrtak cet petak pet subota sub nedjelja ned"),
    "hu": "hetfo h kedd k szerda sze csutortok cs pentek p szombat szo vasarnap v",
    "it": ("lunedi lun martedi mar mercoledi mer giovedi gio venerdi ven sabato sab domenica dom"),
    "lt": (
        "pirmadienis pr antradienis an treciadienis tr ketvirtadienis kt penktadienis pn "
        "sestadienis st sekmadienis sk"
    ),
    "lv": (
        "pirmdiena pirmd pr otrdiena otrd ot tresdiena tresd tr ceturtdiena ceturtd ce piektdiena "
        "piektd pk sestdiena sestd se svetdiena svetd sv"
    ),
    "nb": (
        "mandag man ma tirsdag tir ti onsdag ons on torsdag tor to fredag fre fr lørdag lør lø "
        "søndag søn sø"
    ),
    "nl": "maandag ma dinsdag di woensdag wo donderdag do vrijdag vr zaterdag za zondag zo",
    "pl": (
        "poniedziałek pon wtorek wt wto sroda sr sro czwartek czw piatek pt pia sobota sob "
        "niedziela niedz nie pn"
    ),
    "pt": "segunda feira seg terca ter quarta qua quinta qui sexta sex sabado sab domingo dom",
    "ro": (
        "luni lun lu marti mar ma miercuri mie mi joi vineri vin vi sambata sam sa duminica dum du"
    ),
    "ru": (
        "понедельник пн вторник вт среда ср четверг чт пятница пт суббота сб воскресенье вс пон"
    ),
    "sk": "pondelok po utorok ut streda st stvrtok piatok pi sobota so nedela ne",
    "sl": "ponedeljek pon torek tor sreda sre cetrtek cet petek pet sobota sob nedelja ned",
    "sv": (
        "mandag man ma tisdag tis ti onsdag ons on torsdag tors to fredag fre fr lordag lor lo "
        "sondag son so"
    ),
    "tr": (
        "pazartesi pzt pt sali sal sa carsamba car ca persembe per pe cuma cum cu cumartesi cmt "
        "ct pazar paz pa"
    ),
    "uk": "понеділок пн вівторок вт середа ср четвер чт пʼятниця пт субота сб неділя нд",
}

LITTLE: Final = (
    "a alle as at d de del den der dia gada god godz h in klo kl la las le les m o om on of ore os "
    "r saat t the u um uhr uur v г в о"
)
"""Words that may stand in a date and say nothing."""
