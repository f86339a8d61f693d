"""Writes the toy corpus: toy/<language>.jsonl, toy/crawl.json and gold/toy.tsv.gz.

Short news written for this purpose, each in English, French and Russian (some in fewer languages). The alignment is known:
rows of one number belong together. Run: python3 make_toy.py (the same bytes every time).
"""
import gzip, hashlib, json, pathlib

HERE = pathlib.Path(__file__).parent
LANGUAGES = ["english", "french", "russian"]

# summary | first sentence of the article, per language; "-" leaves the language out on purpose.
NEWS = """
A new bridge over the river opens to traffic|The bridge is four hundred metres long and took six years to build.
Un nouveau pont sur le fleuve est ouvert à la circulation|Le pont mesure quatre cents mètres et sa construction a duré six ans.
Новый мост через реку открыт для движения|Длина моста четыреста метров, его строили шесть лет.

Doctors find a vaccine against malaria to be safe for children|The trial followed three thousand children in five countries.
Des médecins jugent un vaccin contre le paludisme sûr pour les enfants|L'essai a suivi trois mille enfants dans cinq pays.
Врачи признали вакцину от малярии безопасной для детей|В испытании участвовали три тысячи детей из пяти стран.

The national football team wins the final on penalties|The goalkeeper stopped two shots in front of eighty thousand people.
L'équipe nationale de football gagne la finale aux tirs au but|Le gardien a arrêté deux tirs devant quatre-vingt mille personnes.
Сборная по футболу выиграла финал по пенальти|Вратарь отбил два удара на глазах у восьмидесяти тысяч зрителей.

Heavy rain floods the old town|Water stood a metre high in the streets and the market was closed.
De fortes pluies inondent la vieille ville|L'eau montait à un mètre dans les rues et le marché a été fermé.
Сильный дождь затопил старый город|Вода на улицах поднялась на метр, рынок закрыли.

The central bank raises interest rates|It is the third increase this year, and loans will cost more.
La banque centrale relève ses taux d'intérêt|C'est la troisième hausse cette année, et les crédits coûteront plus cher.
Центральный банк повысил процентную ставку|Это третье повышение за год, и кредиты подорожают.

Astronomers discover a planet covered by an ocean|The planet circles a red star forty light years from here.
Des astronomes découvrent une planète couverte d'un océan|La planète tourne autour d'une étoile rouge à quarante années-lumière.
Астрономы открыли планету, покрытую океаном|Планета вращается вокруг красной звезды в сорока световых годах от нас.

Teachers go on strike for higher pay|Most schools in the capital stayed closed on Monday.
Les enseignants font grève pour de meilleurs salaires|La plupart des écoles de la capitale sont restées fermées lundi.
Учителя бастуют, требуя повышения зарплаты|Большинство школ столицы в понедельник были закрыты.

A painting lost during the war is found in an attic|The owner of the house wanted to throw the dusty picture away.
Un tableau perdu pendant la guerre est retrouvé dans un grenier|Le propriétaire de la maison voulait jeter la toile poussiéreuse.
Картину, пропавшую во время войны, нашли на чердаке|Хозяин дома хотел выбросить пыльное полотно.

Farmers worry about the drought|It has not rained for ninety days, and the wheat is dry.
Les agriculteurs s'inquiètent de la sécheresse|Il n'a pas plu depuis quatre-vingt-dix jours et le blé est sec.
Фермеры обеспокоены засухой|Дождя не было девяносто дней, и пшеница высохла.

A whale is rescued from a fishing net|Divers needed seven hours to cut the ropes.
Une baleine est libérée d'un filet de pêche|Les plongeurs ont mis sept heures à couper les cordes.
Кита спасли из рыболовной сети|Водолазам понадобилось семь часов, чтобы перерезать верёвки.

The president resigns after protests|Crowds had stood before the palace for two weeks.
Le président démissionne après des manifestations|La foule se tenait devant le palais depuis deux semaines.
Президент ушёл в отставку после протестов|Толпа стояла перед дворцом две недели.

A train leaves the rails and nobody is hurt|The driver had seen a tree on the track and braked in time.
Un train déraille sans faire de blessés|Le conducteur avait vu un arbre sur la voie et a freiné à temps.
Поезд сошёл с рельсов, никто не пострадал|Машинист увидел дерево на путях и вовремя затормозил.

The museum shows Egyptian mummies|Visitors can see twelve coffins and the tools of the embalmers.
Le musée expose des momies égyptiennes|Les visiteurs peuvent voir douze cercueils et les outils des embaumeurs.
Музей показывает египетские мумии|Посетители увидят двенадцать саркофагов и инструменты бальзамировщиков.

Electric cars outsell diesel for the first time|One in three new cars now runs on a battery.
Les voitures électriques se vendent pour la première fois mieux que le diesel|Une voiture neuve sur trois roule désormais sur batterie.
Электромобили впервые обогнали дизель по продажам|Каждая третья новая машина теперь работает от батареи.

A volcano erupts and villages are evacuated|Ash fell on roofs twenty kilometres away.
Un volcan entre en éruption et des villages sont évacués|Des cendres sont tombées sur les toits à vingt kilomètres.
Началось извержение вулкана, жителей деревень вывозят|Пепел падал на крыши в двадцати километрах.

The chess champion is only fifteen years old|She won nine games and lost none.
La championne d'échecs n'a que quinze ans|Elle a gagné neuf parties et n'en a perdu aucune.
Чемпионке по шахматам всего пятнадцать лет|Она выиграла девять партий и не проиграла ни одной.

Bees return to the city gardens|Roofs and parks now hold more than two thousand hives.
Les abeilles reviennent dans les jardins de la ville|Les toits et les parcs comptent plus de deux mille ruches.
Пчёлы возвращаются в городские сады|На крышах и в парках стоит более двух тысяч ульев.

Hackers steal the data of a million bank customers|The bank asks everyone to change the password today.
Des pirates volent les données d'un million de clients d'une banque|La banque demande à chacun de changer de mot de passe aujourd'hui.
Хакеры украли данные миллиона клиентов банка|Банк просит всех сегодня же сменить пароль.

An old library burns down|Firemen saved a part of the manuscripts.
Une ancienne bibliothèque est détruite par le feu|Les pompiers ont sauvé une partie des manuscrits.
Сгорела старинная библиотека|Пожарные спасли часть рукописей.

The price of bread doubles|Bakers blame dear flour and dear gas.
Le prix du pain double|Les boulangers accusent la farine et le gaz trop chers.
Цена хлеба выросла вдвое|Пекари объясняют это дорогой мукой и дорогим газом.

A marathon runner breaks the world record|He ran the last kilometre alone against the wind.
Un marathonien bat le record du monde|Il a couru le dernier kilomètre seul contre le vent.
Марафонец побил мировой рекорд|Последний километр он бежал один против ветра.

Two countries sign a peace treaty|The border had been closed for thirty years.
Deux pays signent un traité de paix|La frontière était fermée depuis trente ans.
Две страны подписали мирный договор|Граница была закрыта тридцать лет.

Wolves are seen again in the forest|Shepherds want dogs to guard their sheep.
Des loups sont de nouveau aperçus dans la forêt|Les bergers veulent des chiens pour garder leurs moutons.
В лесу снова видели волков|Пастухи хотят завести собак для охраны овец.

The hospital opens a ward for premature babies|Twenty cradles have their own warm air and light.
L'hôpital ouvre un service pour les bébés prématurés|Vingt berceaux ont leur propre air chaud et leur lumière.
В больнице открыли отделение для недоношенных детей|У двадцати колыбелей свой тёплый воздух и свет.

Coffee may lengthen life, a study says|Researchers asked half a million people what they drink.
Le café pourrait allonger la vie, selon une étude|Des chercheurs ont demandé à un demi-million de personnes ce qu'elles boivent.
Кофе может продлевать жизнь, говорится в исследовании|Учёные спросили полмиллиона человек, что они пьют.

The parliament bans smoking in restaurants|Whoever lights a cigarette will pay a fine.
Le parlement interdit de fumer dans les restaurants|Qui allume une cigarette paiera une amende.
Парламент запретил курить в ресторанах|Тому, кто закурит, придётся заплатить штраф.

An actress receives a prize for her life's work|She first stood on a stage at the age of four.
Une actrice reçoit un prix pour l'ensemble de sa carrière|Elle est montée sur scène pour la première fois à quatre ans.
Актриса получила премию за вклад в искусство|Впервые она вышла на сцену в четыре года.

A glacier loses half of its ice|Hikers now walk over bare stone where skiers used to go.
Un glacier perd la moitié de sa glace|Les randonneurs marchent sur la pierre nue où passaient les skieurs.
Ледник потерял половину своего льда|Туристы идут по голым камням там, где раньше катались лыжники.

The airport closes because of fog|Three hundred flights were moved to the next day.
L'aéroport ferme à cause du brouillard|Trois cents vols ont été reportés au lendemain.
Аэропорт закрыт из-за тумана|Триста рейсов перенесли на следующий день.

Archaeologists dig up a Roman bath|The floor shows fish and dolphins of coloured stone.
Des archéologues mettent au jour des thermes romains|Le sol montre des poissons et des dauphins en pierre de couleur.
Археологи раскопали римскую баню|Пол украшен рыбами и дельфинами из цветного камня.

A robot picks strawberries faster than people|Its camera knows which fruit is ripe.
Un robot cueille les fraises plus vite que les humains|Sa caméra reconnaît les fruits mûrs.
Робот собирает клубнику быстрее людей|Его камера видит, какая ягода созрела.

Unemployment falls to its lowest level in ten years|Builders and hotels look for workers.
Le chômage tombe à son plus bas niveau en dix ans|Le bâtiment et les hôtels cherchent des ouvriers.
Безработица упала до самого низкого уровня за десять лет|Стройки и гостиницы ищут работников.

A lost dog finds its way home after a year|It had walked across half of the country.
Un chien perdu retrouve sa maison après un an|Il avait traversé la moitié du pays.
Потерявшаяся собака через год вернулась домой|Она прошла половину страны.

The rocket reaches the Moon with a small rover|The rover will look for water under the dust.
La fusée atteint la Lune avec un petit véhicule|Le véhicule cherchera de l'eau sous la poussière.
Ракета доставила на Луну небольшой луноход|Луноход будет искать воду под пылью.

Wine harvest begins three weeks early|The summer was hot and the grapes are sweet.
Les vendanges commencent avec trois semaines d'avance|L'été a été chaud et le raisin est sucré.
Сбор винограда начался на три недели раньше|Лето было жарким, и ягоды сладкие.

Police catch a thief who stole bicycles by night|They found sixty bicycles in his cellar.
La police arrête un voleur qui dérobait des vélos la nuit|Elle a trouvé soixante vélos dans sa cave.
Полиция поймала вора, который ночами крал велосипеды|В его подвале нашли шестьдесят велосипедов.

The orchestra plays in the metro|Passengers missed their trains to listen.
L'orchestre joue dans le métro|Des passagers ont raté leur train pour écouter.
Оркестр играет в метро|Пассажиры пропускали поезда, чтобы послушать.

A law protects the language of a small people|Children will learn it at school.
Une loi protège la langue d'un petit peuple|Les enfants l'apprendront à l'école.
Закон защищает язык малого народа|Дети будут учить его в школе.

Tourists leave plastic on the beach|Volunteers filled five hundred bags in one morning.
Des touristes laissent du plastique sur la plage|Des bénévoles ont rempli cinq cents sacs en une matinée.
Туристы оставляют пластик на пляже|Добровольцы за одно утро наполнили пятьсот мешков.

Power is out in the capital for a night|Lifts stood still and candles were sold out.
La capitale passe une nuit sans électricité|Les ascenseurs étaient arrêtés et les bougies épuisées.
Столица провела ночь без электричества|Лифты стояли, свечи раскупили.

A writer of detective stories dies at ninety|Her books were translated into fifty languages.
Une autrice de romans policiers meurt à quatre-vingt-dix ans|Ses livres ont été traduits en cinquante langues.
В девяносто лет умерла писательница, автор детективов|Её книги переведены на пятьдесят языков.

Ice cream becomes dearer than ever|Sugar and milk cost twice as much as last year.
La glace n'a jamais été aussi chère|Le sucre et le lait coûtent deux fois plus que l'an dernier.
-

A ship sinks with a cargo of cars|The crew was saved by a helicopter.
Un navire coule avec une cargaison de voitures|L'équipage a été sauvé par un hélicoptère.
-

Mushrooms poison a family of five|They had taken them for harmless ones.
-
Семья из пяти человек отравилась грибами|Они приняли их за безвредные.

The zoo celebrates the birth of two pandas|Their mother does not let them out of her sight.
-
В зоопарке радуются рождению двух панд|Мать не спускает с них глаз.

-
Le fromage de la région reçoit une appellation|Il mûrit six mois dans des grottes.
Местный сыр получил охраняемое название|Он зреет шесть месяцев в пещерах.

Fans wait all night for tickets to a concert|Some slept in tents before the stadium.
-
-

Insects are served for lunch in a canteen|Most guests found the crickets too salty.
-
-

The lottery makes a postman rich|He wants to go on carrying letters.
-
-

-
Le théâtre municipal cherche des costumes anciens|Les habitants ouvrent leurs armoires.
-

-
La dictée du village attire mille candidats|Le plus jeune avait huit ans.
-

-
-
В деревне построили деревянную церковь без гвоздей|Плотники работали только топорами.

-
-
На озере прошли гонки на самодельных плотах|Победил экипаж школьников.
"""

# What every article goes on with: two of these, by number of the news.
MORE = {
    "english": ["Nobody had expected this so soon.", "The mayor spoke of a special day.", "More details will be given tomorrow.",
                "Neighbours had heard of it in the morning.", "Experts still argue about the reasons."],
    "french": ["Personne ne s'y attendait si tôt.", "Le maire a parlé d'un jour particulier.", "D'autres détails seront donnés demain.",
               "Les voisins l'avaient appris le matin.", "Les experts discutent encore des raisons."],
    "russian": ["Никто не ожидал этого так скоро.", "Мэр назвал этот день особенным.", "Подробности сообщат завтра.",
                "Соседи узнали об этом утром.", "Эксперты всё ещё спорят о причинах."],
}


def identity(language, name):
    return hashlib.sha256(f"{language} {name}".encode()).hexdigest()[:12]


def main():
    rows, gold = {language: [] for language in LANGUAGES}, []
    for number, block in enumerate(NEWS.strip().split("\n\n")):
        lines = block.split("\n")
        assert len(lines) == 3, block
        for language, line in zip(LANGUAGES, lines):
            if line == "-":
                continue
            summary, first = line.split("|")
            more = MORE[language]
            text = " ".join([first, more[number % 5], more[(number // 5 + 2 * number + 1) % 5]])
            add(rows, gold, language, str(number), summary, text)
    # A duplicate: the news of the bridge came twice in English, under another id.
    summary, first = NEWS.strip().split("\n")[0].split("|")
    bridge = next(r for r in rows["english"] if r["summary"] == summary)
    add(rows, gold, "english", "again", summary, bridge["text"], key="0")
    for language in LANGUAGES:
        lines = [json.dumps(r, ensure_ascii=False) for r in sorted(rows[language], key=lambda r: r["id"])]
        if language == "french":  # a bad row
            lines.insert(7, '{"id": "broken", "summary": "Une ligne coupée')
        (HERE / "toy" / f"{language}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (HERE / "toy" / "crawl.json").write_text('{"mode": "snapshot"}\n')
    table = "language\tid\tkey\tpackages\n" + "".join("\t".join(r) + "\n" for r in sorted(gold))
    (HERE / "gold" / "toy.tsv.gz").write_bytes(gzip.compress(table.encode(), mtime=0))


def add(rows, gold, language, name, summary, text, key=None):
    i = identity(language, name)
    rows[language].append({"id": i, "url": f"https://toy.example/{i}", "title": "", "summary": summary, "text": text})
    gold.append((language, i, "toy:" + (key or name), ""))


main()
